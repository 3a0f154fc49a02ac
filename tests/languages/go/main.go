// A client in Go, as tests/languages/run.sh generates its stubs from proto/.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "trine/v1"
)

func check(ok bool, what string, values ...any) {
	if !ok {
		fmt.Fprintln(os.Stderr, append([]any{"go client:", what}, values...)...)
		os.Exit(1)
	}
}

func must[T any](answer T, err error) T {
	check(err == nil, "call failed:", err)
	return answer
}

func info(ctx context.Context, connection grpc.ClientConnInterface) {
	answer := must(pb.NewServerServiceClient(connection).GetServerInfo(ctx, &pb.GetServerInfoRequest{}))
	check(answer.GetVersion() != "" && answer.GetThreads() >= 1, "GetServerInfo", answer)
	found := false
	for _, limit := range answer.GetLimits() {
		found = found || limit.GetName() == "max_message_bytes" && limit.GetValue() > 0
	}
	check(found, "no max_message_bytes among", answer.GetLimits())
}

// Across five channels: every window of ALEXNET's five taps is cut off at the ends.
func normalize(ctx context.Context, connection grpc.ClientConnInterface) {
	x := []float32{1, -2, 3, -4, 50}
	data := new(bytes.Buffer)
	check(binary.Write(data, binary.LittleEndian, x) == nil, "write")
	service := pb.NewNormalizationServiceClient(connection)
	answer := must(service.Normalize(ctx, &pb.NormalizeRequest{
		Tensor: &pb.Tensor{Dtype: pb.DataType_DATA_TYPE_FLOAT32, Shape: []int64{1, 5}, Data: data.Bytes()},
	}))
	resolved := answer.GetResolved()
	check(resolved.GetPreset() == pb.LrnPreset_LRN_PRESET_ALEXNET && resolved.GetLo() == 2 &&
		resolved.GetHi() == 2 && resolved.GetK() == 2, "resolved", resolved)
	y := make([]float32, len(x))
	check(binary.Read(bytes.NewReader(answer.GetTensor().GetData()), binary.LittleEndian, y) == nil, "read")
	for c := range x {
		sum := 0.0
		for i := c - 2; i <= c+2; i++ {
			if i >= 0 && i < len(x) {
				sum += float64(x[i]) * float64(x[i])
			}
		}
		want := float64(x[c]) * math.Pow(resolved.GetK()+resolved.GetA()*sum, -resolved.GetBeta())
		check(math.Abs(float64(y[c])-want) <= 1e-6*math.Abs(want), "channel", c, "is", y[c], "not", want)
	}

	_, err := service.Normalize(ctx, &pb.NormalizeRequest{})
	check(status.Code(err) == codes.InvalidArgument, "a request without a tensor:", err)
}

func code(ctx context.Context, connection grpc.ClientConnInterface) {
	raw := bytes.Repeat([]byte("a message of some words, and of some words again; "), 2000)
	service := pb.NewCodingServiceClient(connection)
	coded := must(service.Encode(ctx, &pb.EncodeRequest{Input: &pb.EncodeRequest_Data{Data: raw}}))
	check(coded.GetStatistics().GetRawBytes() == uint64(len(raw)), "statistics", coded.GetStatistics())
	check(len(coded.GetCoded()) < len(raw)/2, "coded bytes", len(coded.GetCoded()))
	decoded := must(service.Decode(ctx, &pb.DecodeRequest{Input: &pb.DecodeRequest_Coded{Coded: coded.GetCoded()}}))
	check(bytes.Equal(decoded.GetData(), raw) && decoded.GetContent().GetBytes() != nil, "decoded", decoded.GetContent())
}

// Two bright squares of 4 and 9 pixels.
func segment(ctx context.Context, connection grpc.ClientConnInterface) {
	const height, width = 8, 9
	pixels := make([]byte, height*width)
	for i := range pixels {
		y, x := i/width, i%width
		if y >= 1 && y < 3 && x >= 1 && x < 3 || y >= 4 && y < 7 && x >= 5 && x < 8 {
			pixels[i] = 200
		}
	}
	answer := must(pb.NewSegmentationServiceClient(connection).Segment(ctx, &pb.SegmentRequest{
		Image: &pb.Image{Source: &pb.Image_Tensor{Tensor: &pb.Tensor{
			Dtype: pb.DataType_DATA_TYPE_UINT8, Shape: []int64{height, width}, Data: pixels}}},
		Steps: []*pb.SegmentStep{
			{Step: &pb.SegmentStep_Otsu{Otsu: &pb.OtsuStep{}}},
			{Step: &pb.SegmentStep_Components{Components: &pb.ComponentsStep{}}},
			{Step: &pb.SegmentStep_Measure{Measure: &pb.MeasureStep{}}},
		},
		Outputs: &pb.SegmentOutputs{Mask: true},
	}))
	check(answer.GetLabelCount() == 2 && len(answer.GetRegions()) == 2, "labels", answer.GetLabelCount())
	first, second := answer.GetRegions()[0], answer.GetRegions()[1]
	check(first.GetArea() == 4 && first.GetMinY() == 1 && first.GetCentroidX() == 1.5, "first", first)
	check(second.GetArea() == 9 && second.GetMaxX() == 8 && second.GetMeanIntensity() == 200, "second", second)
	for i, value := range answer.GetMask().GetTensor().GetData() {
		check((value == 255) == (pixels[i] == 200), "mask at", i)
	}
	check(len(answer.GetMask().GetTensor().GetData()) == len(pixels), "mask's size")
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection := must(grpc.DialContext(ctx, os.Args[1], grpc.WithBlock(),
		grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer connection.Close()
	info(ctx, connection)
	normalize(ctx, connection)
	code(ctx, connection)
	segment(ctx, connection)
}
