// The client of schema registries that comes with franz-go, its encoder of records, and codecs of others: franz-go-registry COURSE. See
// ../registry/course.ts.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

type Part struct {
	Count int `avro:"count" json:"count"`
}

type Order struct {
	Name string `avro:"name" json:"name"`
	Part Part   `avro:"part" json:"part"`
}

type order struct{ Reference, Part, Order string }

type change struct {
	Format, Level, First, Taken string
	Refused                     *string
}

type course struct {
	Bootstrap, Registry, Prefix string
	Value                       Order
	Orders                      map[string]order
	Changes                     []change
}

var (
	it     course
	client *sr.Client
	ctx    context.Context
	types  = map[string]sr.SchemaType{"AVRO": sr.TypeAvro, "JSON": sr.TypeJSON, "PROTOBUF": sr.TypeProtobuf}
)

func main() {
	check(json.Unmarshal([]byte(os.Args[1]), &it))
	client = must(sr.NewClient(sr.URLs(it.Registry)))
	within, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ctx = within
	out := map[string]any{"records": records(), "changes": changes(), "deletions": deletions()}
	check(json.NewEncoder(os.Stdout).Encode(out))
}

// The id of the order's schema, whose part is registered before.
func register(format string) (int, sr.Schema) {
	o := it.Orders[format]
	part := it.Prefix + "-part-" + format
	must(client.CreateSchema(ctx, part, sr.Schema{Schema: o.Part, Type: types[format]}))
	schema := sr.Schema{Schema: o.Order, Type: types[format], References: []sr.SchemaReference{{Name: o.Reference, Subject: part, Version: 1}}}
	return must(client.CreateSchema(ctx, it.Prefix+"-"+format+"-value", schema)).ID, schema
}

type jsonOrder struct{ Order }
type protobufOrder struct{ Order }

// Three types of the same order, since the encoder finds the schema by the type.
func serde() *sr.Serde {
	var serde sr.Serde
	id, _ := register("AVRO")
	var cache avro.SchemaCache
	must(avro.ParseWithCache(it.Orders["AVRO"].Part, "", &cache))
	schema := must(avro.ParseWithCache(it.Orders["AVRO"].Order, "", &cache))
	serde.Register(id, Order{},
		sr.EncodeFn(func(v any) ([]byte, error) { return avro.Marshal(schema, v) }),
		sr.DecodeFn(func(b []byte, v any) error { return avro.Unmarshal(schema, b, v) }),
		sr.GenerateFn(func() any { return new(Order) }))
	id, _ = register("JSON")
	serde.Register(id, jsonOrder{}, sr.EncodeFn(json.Marshal), sr.DecodeFn(json.Unmarshal), sr.GenerateFn(func() any { return new(jsonOrder) }))
	id, _ = register("PROTOBUF")
	message := orderMessage()
	serde.Register(id, protobufOrder{}, sr.Index(0),
		sr.EncodeFn(func(v any) ([]byte, error) {
			m := dynamicpb.NewMessage(message)
			check(protojson.Unmarshal(must(json.Marshal(v)), m))
			return proto.Marshal(m)
		}),
		sr.DecodeFn(func(b []byte, v any) error {
			m := dynamicpb.NewMessage(message)
			check(proto.Unmarshal(b, m))
			return json.Unmarshal(must(protojson.Marshal(m)), v)
		}),
		sr.GenerateFn(func() any { return new(protobufOrder) }))
	return &serde
}

// What protoc would make.
func orderMessage() protoreflect.MessageDescriptor {
	label := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
	field := func(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{Name: &name, JsonName: &name, Number: &number, Type: kind.Enum(), Label: label}
	}
	message := func(name string, fields ...*descriptorpb.FieldDescriptorProto) []*descriptorpb.DescriptorProto {
		return []*descriptorpb.DescriptorProto{{Name: &name, Field: fields}}
	}
	part := &descriptorpb.FileDescriptorProto{
		Name: proto.String("part.proto"), Package: proto.String("n"), Syntax: proto.String("proto3"),
		MessageType: message("Part", field("count", 1, descriptorpb.FieldDescriptorProto_TYPE_INT32)),
	}
	reference := field("part", 2, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	reference.TypeName = proto.String(".n.Part")
	order := &descriptorpb.FileDescriptorProto{
		Name: proto.String("order.proto"), Package: proto.String("n"), Syntax: proto.String("proto3"), Dependency: []string{"part.proto"},
		MessageType: message("Order", field("name", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING), reference),
	}
	files := must(protodesc.NewFiles(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{part, order}}))
	return must(files.FindDescriptorByName("n.Order")).(protoreflect.MessageDescriptor)
}

func records() map[string]any {
	serde := serde()
	topics := []string{}
	given := map[string]any{"AVRO": it.Value, "JSON": jsonOrder{it.Value}, "PROTOBUF": protobufOrder{it.Value}}
	for format := range given {
		topics = append(topics, it.Prefix+"-"+format)
	}
	kafka := must(kgo.NewClient(kgo.SeedBrokers(it.Bootstrap), kgo.AllowAutoTopicCreation(), kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.MetadataMinAge(50*time.Millisecond)))
	defer kafka.Close()
	for format, value := range given {
		record := &kgo.Record{Topic: it.Prefix + "-" + format, Value: must(serde.Encode(value))}
		check(kafka.ProduceSync(ctx, record).FirstErr())
	}
	found := map[string]any{}
	for len(found) < len(given) {
		fetches := kafka.PollFetches(ctx)
		check(ctx.Err())
		fetches.EachRecord(func(record *kgo.Record) {
			found[strings.TrimPrefix(record.Topic, it.Prefix+"-")] = must(serde.DecodeNew(record.Value))
		})
	}
	return found
}

func registering(subject, schema, format string) string {
	_, err := client.CreateSchema(ctx, subject, sr.Schema{Schema: schema, Type: types[format]})
	var refusal *sr.ResponseError
	if errors.As(err, &refusal) && refusal.ErrorCode == http.StatusConflict {
		return "refused"
	}
	check(err)
	return "taken"
}

func changes() map[string][]string {
	outcomes := map[string][]string{}
	for _, c := range it.Changes {
		subject := it.Prefix + "-" + c.Format + "-" + c.Level
		var level sr.CompatibilityLevel
		check(level.UnmarshalText([]byte(c.Level)))
		check(client.SetCompatibility(ctx, sr.SetCompatibility{Level: level}, subject)[0].Err)
		must(client.CreateSchema(ctx, subject, sr.Schema{Schema: c.First, Type: types[c.Format]}))
		outcome := []string{}
		if c.Refused != nil {
			outcome = append(outcome, registering(subject, *c.Refused, c.Format))
			checked := must(client.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), subject, -1, sr.Schema{Schema: *c.Refused, Type: types[c.Format]}))
			if checked.Is || len(checked.Messages) == 0 {
				outcome = append(outcome, "compatible")
			}
		}
		outcomes[c.Format+" "+c.Level] = append([]string{registering(subject, c.Taken, c.Format)}, outcome...)
	}
	return outcomes
}

func deletions() []any {
	subject := it.Prefix + "-deleted"
	check(client.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatNone}, subject)[0].Err)
	for _, schema := range []string{`"int"`, `"string"`} {
		must(client.CreateSchema(ctx, subject, sr.Schema{Schema: schema}))
	}
	check(client.DeleteSchema(ctx, subject, 1, sr.SoftDelete))
	outcome := []any{1, must(client.SubjectVersions(ctx, subject)), must(client.DeleteSubject(ctx, subject, sr.SoftDelete))}
	outcome = append(outcome, must(client.DeleteSubject(ctx, subject, sr.HardDelete)))
	_, err := client.SubjectVersions(ctx, subject)
	var refusal *sr.ResponseError
	if errors.As(err, &refusal) {
		return append(outcome, refusal.ErrorCode)
	}
	return outcome
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
