package wire

import (
	"bytes"
	"io"

	"google.golang.org/protobuf/proto"

	"framehold/internal/studio"
)

// Codec is how the messages of one call become bytes and come back.
type Codec[Q, A any] struct {
	EncodeRequest func(Q) ([]byte, error)
	DecodeRequest func(project studio.ProjectID, client studio.ID, b []byte) (Q, error)
	EncodeReply   func(Q, A) ([]byte, error)
	DecodeReply   func(Q, []byte) (A, error)
}

// message is a pointer to a generated struct.
type message[T any] interface {
	*T
	proto.Message
}

func codecOf[Q, A, PQ, PA any, MQ message[PQ], MA message[PA]](c call[Q, A, PQ, PA]) Codec[Q, A] {
	return Codec[Q, A]{
		EncodeRequest: func(q Q) ([]byte, error) {
			p, err := c.send(q)
			if err != nil {
				return nil, err
			}
			return protobuf{}.Marshal(MQ(p))
		},
		DecodeRequest: func(project studio.ProjectID, client studio.ID, b []byte) (Q, error) {
			var none Q
			p := new(PQ)
			if err := (protobuf{}).Unmarshal(b, MQ(p)); err != nil {
				return none, err
			}
			return c.take(scope{project, client, DepositKeyInTests}, p)
		},
		EncodeReply: func(q Q, a A) ([]byte, error) {
			p, err := c.reply(q, a)
			if err != nil {
				return nil, err
			}
			return protobuf{}.Marshal(MA(p))
		},
		DecodeReply: func(q Q, b []byte) (A, error) {
			var none A
			p := new(PA)
			if err := (protobuf{}).Unmarshal(b, MA(p)); err != nil {
				return none, err
			}
			return c.read(q, p)
		},
	}
}

// The codecs of the calls.
func HelloCodec() Codec[HelloRequest, HelloReply] { return codecOf(helloCall()) }
func PushCodec() Codec[PushRequest, PushReply]    { return codecOf(pushCall()) }
func PullCodec() Codec[PullRequest, PullReply]    { return codecOf(pullCall()) }
func WaitCodec() Codec[WaitRequest, WaitReply]    { return codecOf(waitCall()) }
func HaveCodec() Codec[HaveRequest, HaveReply]    { return codecOf(haveCall()) }
func FoundCodec() Codec[FoundRequest, FoundReply] { return codecOf(foundCall()) }
func ProbeCodec() Codec[ProbeRequest, ProbeReply] { return codecOf(probeCall()) }

// DepositKeyInTests is the deposit key that the headers of a decoded request have.
var DepositKeyInTests = Token{7}

func WitnessCodec() Codec[WitnessRequest, WitnessReply] { return codecOf(witnessCall()) }
func DepositCodec() Codec[DepositRequest, DepositReply] { return codecOf(depositCall()) }

// KeyOf reads the key of a row from its canonical form.
func KeyOf(t studio.Table, row []byte) (string, bool) { return keyOf(t, row) }

// PackZstd is a body as it travels.
func PackZstd(b []byte) ([]byte, error) {
	z, ok := newZstd()().(*packer)
	if !ok {
		return nil, ErrMalformed
	}
	return z.pack(b)
}

// ErrBomb says that a body was too much.
var ErrBomb = errBomb

// Unpack decodes a body and counts what comes.
func Unpack(b []byte) (int64, error) {
	u := newUnzstd()
	if err := u.Reset(bytes.NewBuffer(b)); err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, u)
}

// PackGzip is a body as it travels.
func PackGzip(b []byte) ([]byte, error) { return packGzip(b) }

// Limits of bodies.
const (
	RequestMaxBytes = requestMaxBytes
	ReplyMaxBytes   = replyMaxBytes
	DecodedMaxRatio = decodedMaxRatio
)
