package wire

import (
	"bytes"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// fieldsMax bounds what decoding allocates: an empty message inside another is two bytes here and 200 in memory. No
// message of ours has more fields: an outcome of a push may be short, all else that repeats has an id.
func fieldsMax(length int) int { return PushOpsMax + 64 + length/16 }

// protobuf is the codec of both ends.
type protobuf struct{}

func (protobuf) Name() string { return "proto" }

func (protobuf) Marshal(m any) ([]byte, error) { return protobuf{}.MarshalAppend(nil, m) }

func (protobuf) MarshalAppend(b []byte, m any) ([]byte, error) {
	p, ok := m.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%w: %T is no message", ErrMalformed, m)
	}
	return proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, p)
}

func (protobuf) Unmarshal(b []byte, m any) error {
	p, ok := m.(proto.Message)
	if !ok {
		return fmt.Errorf("%w: %T is no message", ErrMalformed, m)
	}
	left := fieldsMax(len(b))
	for rest := b; len(rest) > 0; left-- {
		_, _, n := protowire.ConsumeField(rest)
		if n < 0 || left == 0 {
			return fmt.Errorf("%w: fields", ErrMalformed)
		}
		rest = rest[n:]
	}
	return proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, p)
}

// jsonText is JSON, for scripts.
type jsonText struct{ name string }

func (t jsonText) Name() string { return t.name }

func (jsonText) Marshal(m any) ([]byte, error) {
	p, ok := m.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%w: %T is no message", ErrMalformed, m)
	}
	return protojson.Marshal(p)
}

func (jsonText) Unmarshal(b []byte, m any) error {
	p, ok := m.(proto.Message)
	if !ok {
		return fmt.Errorf("%w: %T is no message", ErrMalformed, m)
	}
	if bytes.Count(b, []byte("{"))+bytes.Count(b, []byte(",")) > 8*fieldsMax(len(b)) {
		return fmt.Errorf("%w: fields", ErrMalformed)
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, p)
}

// options are those of both ends.
func options(readMaxBytes, sendMaxBytes int) []connect.Option {
	return []connect.Option{
		connect.WithCodec(protobuf{}), connect.WithReadMaxBytes(readMaxBytes), connect.WithSendMaxBytes(sendMaxBytes),
		connect.WithCompressMinBytes(compressMinBytes),
	}
}
