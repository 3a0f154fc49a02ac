// A client in Java, as tests/languages/run.sh generates its stubs from proto/.

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import trine.v1.CodingServiceGrpc;
import trine.v1.ComponentsStep;
import trine.v1.DataType;
import trine.v1.DecodeRequest;
import trine.v1.DecodeResponse;
import trine.v1.EncodeRequest;
import trine.v1.EncodeResponse;
import trine.v1.GetServerInfoRequest;
import trine.v1.GetServerInfoResponse;
import trine.v1.Image;
import trine.v1.LrnPreset;
import trine.v1.LrnResolved;
import trine.v1.MeasureStep;
import trine.v1.NormalizationServiceGrpc;
import trine.v1.NormalizeRequest;
import trine.v1.NormalizeResponse;
import trine.v1.OtsuStep;
import trine.v1.Region;
import trine.v1.SegmentOutputs;
import trine.v1.SegmentRequest;
import trine.v1.SegmentResponse;
import trine.v1.SegmentStep;
import trine.v1.SegmentationServiceGrpc;
import trine.v1.ServerServiceGrpc;
import trine.v1.Tensor;

public final class Client {
  private static void check(boolean ok, String what, Object value) {
    if (!ok) {
      throw new AssertionError(what + ": " + value);
    }
  }

  private static void info(ManagedChannel channel) {
    GetServerInfoResponse answer =
        ServerServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(1, TimeUnit.MINUTES)
            .getServerInfo(GetServerInfoRequest.getDefaultInstance());
    check(!answer.getVersion().isEmpty() && answer.getThreads() >= 1, "GetServerInfo", answer);
    check(
        answer.getLimitsList().stream()
            .anyMatch(l -> l.getName().equals("max_message_bytes") && l.getValue() > 0),
        "no max_message_bytes",
        answer.getLimitsList());
  }

  // Across five channels: every window of ALEXNET's five taps is cut off at the ends.
  private static void normalize(ManagedChannel channel) {
    float[] x = {1, -2, 3, -4, 50};
    ByteBuffer data = ByteBuffer.allocate(4 * x.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : x) {
      data.putFloat(value);
    }
    data.flip();
    NormalizationServiceGrpc.NormalizationServiceBlockingStub service =
        NormalizationServiceGrpc.newBlockingStub(channel).withDeadlineAfter(1, TimeUnit.MINUTES);
    NormalizeResponse answer =
        service.normalize(
            NormalizeRequest.newBuilder()
                .setTensor(
                    Tensor.newBuilder()
                        .setDtype(DataType.DATA_TYPE_FLOAT32)
                        .addShape(1)
                        .addShape(x.length)
                        .setData(ByteString.copyFrom(data)))
                .build());
    LrnResolved r = answer.getResolved();
    check(
        r.getPreset() == LrnPreset.LRN_PRESET_ALEXNET
            && r.getLo() == 2
            && r.getHi() == 2
            && r.getK() == 2,
        "resolved",
        r);
    ByteBuffer y =
        answer.getTensor().getData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    check(y.remaining() == 4 * x.length, "bytes", y.remaining());
    for (int c = 0; c < x.length; ++c) {
      double sum = 0;
      for (int i = Math.max(0, c - 2); i <= Math.min(x.length - 1, c + 2); ++i) {
        sum += (double) x[i] * x[i];
      }
      double want = x[c] * Math.pow(r.getK() + r.getA() * sum, -r.getBeta());
      float got = y.getFloat();
      check(Math.abs(got - want) <= 1e-6 * Math.abs(want), "channel " + c + ", not " + want, got);
    }

    try {
      service.normalize(NormalizeRequest.getDefaultInstance());
      check(false, "a request without a tensor", "was taken");
    } catch (StatusRuntimeException refused) {
      check(refused.getStatus().getCode() == Status.Code.INVALID_ARGUMENT, "refused", refused);
    }
  }

  private static void code(ManagedChannel channel) {
    ByteString raw =
        ByteString.copyFrom(
            "a message of some words, and of some words again; ".repeat(2000),
            StandardCharsets.UTF_8);
    CodingServiceGrpc.CodingServiceBlockingStub service =
        CodingServiceGrpc.newBlockingStub(channel).withDeadlineAfter(1, TimeUnit.MINUTES);
    EncodeResponse coded = service.encode(EncodeRequest.newBuilder().setData(raw).build());
    check(coded.getStatistics().getRawBytes() == raw.size(), "statistics", coded.getStatistics());
    check(coded.getCoded().size() < raw.size() / 2, "coded bytes", coded.getCoded().size());
    DecodeResponse decoded =
        service.decode(DecodeRequest.newBuilder().setCoded(coded.getCoded()).build());
    check(decoded.getData().equals(raw), "decoded bytes", decoded.getData().size());
    check(decoded.getContent().hasBytes(), "content", decoded.getContent());
  }

  // Two bright squares of 4 and 9 pixels.
  private static void segment(ManagedChannel channel) {
    final int height = 8;
    final int width = 9;
    byte[] pixels = new byte[height * width];
    for (int i = 0; i < pixels.length; ++i) {
      int y = i / width;
      int x = i % width;
      boolean first = y >= 1 && y < 3 && x >= 1 && x < 3;
      boolean second = y >= 4 && y < 7 && x >= 5 && x < 8;
      pixels[i] = (byte) (first || second ? 200 : 0);
    }
    SegmentResponse answer =
        SegmentationServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(1, TimeUnit.MINUTES)
            .segment(
                SegmentRequest.newBuilder()
                    .setImage(
                        Image.newBuilder()
                            .setTensor(
                                Tensor.newBuilder()
                                    .setDtype(DataType.DATA_TYPE_UINT8)
                                    .addShape(height)
                                    .addShape(width)
                                    .setData(ByteString.copyFrom(pixels))))
                    .addSteps(SegmentStep.newBuilder().setOtsu(OtsuStep.getDefaultInstance()))
                    .addSteps(
                        SegmentStep.newBuilder()
                            .setComponents(ComponentsStep.getDefaultInstance()))
                    .addSteps(SegmentStep.newBuilder().setMeasure(MeasureStep.getDefaultInstance()))
                    .setOutputs(SegmentOutputs.newBuilder().setMask(true))
                    .build());
    check(answer.getLabelCount() == 2, "labels", answer.getLabelCount());
    check(answer.getRegionsCount() == 2, "regions", answer.getRegionsCount());
    Region first = answer.getRegions(0);
    Region second = answer.getRegions(1);
    check(
        first.getArea() == 4 && first.getMinY() == 1 && first.getCentroidX() == 1.5,
        "first region",
        first);
    check(
        second.getArea() == 9 && second.getMaxX() == 8 && second.getMeanIntensity() == 200,
        "second region",
        second);
    byte[] mask = answer.getMask().getTensor().getData().toByteArray();
    check(mask.length == pixels.length, "mask's size", mask.length);
    for (int i = 0; i < mask.length; ++i) {
      check((mask[i] == (byte) 255) == (pixels[i] == (byte) 200), "mask at " + i, mask[i]);
    }
  }

  public static void main(String[] arguments) {
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(arguments[0]).usePlaintext().build();
    try {
      info(channel);
      normalize(channel);
      code(channel);
      segment(channel);
    } finally {
      channel.shutdownNow();
    }
  }
}
