"""In place of grpcurl where it is not installed, as far as the README uses it.

Usage: readme_grpcurl.py -plaintext [-d JSON|@] ADDRESS list|SERVICE/METHOD
As grpcurl it knows nothing of the services but what the server's reflection says.
"""

import argparse
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

# grpc.reflection.v1alpha.ServerReflection: the few fields of its messages that are needed, made
# here since Debian's python3-grpcio does not bring them.
STRING, MESSAGE, BYTES = 9, 11, 12


def field(name, number, kind, label=1, of=None):
    return descriptor_pb2.FieldDescriptorProto(
        name=name, number=number, type=kind, label=label, type_name=of)


def reflection_messages():
    top = "grpc.reflection.v1alpha"
    file = descriptor_pb2.FileDescriptorProto(name="reflection.proto", package=top, syntax="proto3")
    for name, fields in {
            "ServerReflectionRequest": [field("file_by_filename", 3, STRING),
                                        field("file_containing_symbol", 4, STRING),
                                        field("list_services", 7, STRING)],
            "Files": [field("file_descriptor_proto", 1, BYTES, 3)],
            "Service": [field("name", 1, STRING)],
            "Services": [field("service", 1, MESSAGE, 3, f".{top}.Service")],
            "ServerReflectionResponse": [
                field("file_descriptor_response", 4, MESSAGE, 1, f".{top}.Files"),
                field("list_services_response", 6, MESSAGE, 1, f".{top}.Services")]}.items():
        file.message_type.add(name=name, field=fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return [message_class(pool.FindMessageTypeByName(f"{top}.{name}"))
            for name in ("ServerReflectionRequest", "ServerReflectionResponse")]


def message_class(descriptor):
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory().GetPrototype(descriptor)


class Reflection:
    def __init__(self, channel):
        self.request, response = reflection_messages()
        self.call = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=self.request.SerializeToString,
            response_deserializer=response.FromString)
        self.pool = descriptor_pool.DescriptorPool()
        self.known = set()

    def ask(self, **what):
        return next(self.call(iter([self.request(**what)]), timeout=60))

    def services(self):
        return [s.name for s in self.ask(list_services="*").list_services_response.service]

    def add(self, **what):
        """The file that is asked for, after those that it needs."""
        for data in self.ask(**what).file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            if file.name in self.known:
                continue
            self.known.add(file.name)
            for needed in file.dependency:
                if needed not in self.known:
                    self.add(file_by_filename=needed)
            self.pool.Add(file)

    def method(self, service, name):
        self.add(file_containing_symbol=service)
        return self.pool.FindServiceByName(service).methods_by_name[name]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-plaintext", action="store_true", required=True)
    parser.add_argument("-d", default="{}")
    parser.add_argument("address")
    parser.add_argument("what")
    args = parser.parse_args()
    channel = grpc.insecure_channel(args.address,
                                    options=[("grpc.max_receive_message_length", -1)])
    reflection = Reflection(channel)
    if args.what == "list":
        print("\n".join(sorted(reflection.services())))
        return
    service, name = args.what.split("/")
    method = reflection.method(service, name)
    request = json_format.Parse(sys.stdin.read() if args.d == "@" else args.d,
                                message_class(method.input_type)())
    answer = channel.unary_unary(
        f"/{args.what}", request_serializer=type(request).SerializeToString,
        response_deserializer=message_class(method.output_type).FromString)(request, timeout=60)
    print(json_format.MessageToJson(answer))


if __name__ == "__main__":
    main()
