// sarama as a client program of the interop suite: sarama [VERSION] BOOTSTRAP, told of which version the broker is. See ../line for what it
// reads and answers. Of a broker before 0.10.2 it has neither groups nor administration.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"interop/line"

	"github.com/IBM/sarama"
)

type client struct {
	brokers       []string
	admin         sarama.ClusterAdmin
	transactional map[string]sarama.SyncProducer
	member        *member
}

func main() {
	if len(os.Args) > 2 {
		old, err := sarama.ParseKafkaVersion(os.Args[1])
		if err != nil {
			panic(err)
		}
		version = old
	}
	it := &client{brokers: os.Args[len(os.Args)-1:], transactional: map[string]sarama.SyncProducer{}}
	if version.IsAtLeast(sarama.V0_10_2_0) {
		admin, err := sarama.NewClusterAdmin(it.brokers, config())
		if err != nil {
			panic(err)
		}
		it.admin = admin
	}
	calls := line.Calls{}
	line.On(calls, "about", about)
	line.On(calls, "createTopic", it.createTopic)
	line.On(calls, "deleteTopic", func(wanted line.Topic) (any, error) { return nil, it.admin.DeleteTopic(wanted.Topic) })
	line.On(calls, "partitionCount", it.partitionCount)
	line.On(calls, "listTopics", it.listTopics)
	line.On(calls, "addPartitions", it.addPartitions)
	line.On(calls, "describeConfigs", it.describeConfigs)
	line.On(calls, "alterConfigs", it.alterConfigs)
	line.On(calls, "produce", it.produce)
	line.On(calls, "produceSteadily", it.produceSteadily)
	line.On(calls, "transact", it.transact)
	line.On(calls, "read", it.read)
	line.On(calls, "readNew", it.readNew)
	line.On(calls, "watermarks", it.watermarks)
	line.On(calls, "offsetsForTime", func(wanted line.Partitions) (any, error) { return it.offsets(wanted, wanted.TimestampMs) })
	line.On(calls, "join", it.join)
	line.On(calls, "assignment", func(struct{}) (any, error) { return it.member.log.Assignment(), nil })
	line.On(calls, "received", func(struct{}) (any, error) { return it.member.log.Received(), nil })
	line.On(calls, "leave", func(struct{}) (any, error) { return nil, it.member.leave() })
	line.On(calls, "committed", it.committed)
	line.On(calls, "commit", it.commit)
	line.On(calls, "listGroups", it.listGroups)
	line.On(calls, "describeGroup", it.describeGroup)
	line.On(calls, "deleteGroup", func(wanted line.Group) (any, error) { return nil, it.admin.DeleteConsumerGroup(wanted.Group) })
	line.Serve(calls, refusal)
}

var version = sarama.MaxVersion

func config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = version
	config.Metadata.AllowAutoTopicCreation = false
	config.Metadata.Retry.Max = 20 // For topics that Kafka has just made.
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.MaxMessageBytes = line.MostBytes / 2
	config.Consumer.Return.Errors = true
	config.Consumer.MaxWaitTime = 100 * time.Millisecond
	return config
}

// An error has the protocol's number where there is one: sarama has no names.
func refusal(err error) line.Refused {
	var many sarama.ProducerErrors
	if errors.As(err, &many) {
		err = many[0].Err
	}
	var code sarama.KError
	name := fmt.Sprintf("%T", err)
	if errors.As(err, &code) {
		name = fmt.Sprintf("KError %d", int16(code))
	}
	return line.Refused{Name: name, Message: err.Error()}
}

func about(struct{}) (any, error) {
	lacks := map[string]string{"consumer protocol": "it has no requests of it"}
	return line.About{Version: line.Version("github.com/IBM/sarama"), Codecs: line.AllCodecs, Lacks: lacks}, nil
}

// Topics

func (it *client) createTopic(wanted line.Topic) (any, error) {
	configs := map[string]*string{}
	for name, value := range wanted.Configs {
		configs[name] = &value
	}
	return nil, it.admin.CreateTopic(wanted.Topic, &sarama.TopicDetail{NumPartitions: wanted.Partitions, ReplicationFactor: 1, ConfigEntries: configs}, false)
}

func (it *client) partitionCount(wanted line.Topic) (any, error) {
	found, err := it.admin.DescribeTopics([]string{wanted.Topic})
	if err != nil {
		return nil, err
	}
	if found[0].Err != sarama.ErrNoError {
		return nil, found[0].Err
	}
	return len(found[0].Partitions), nil
}

func (it *client) listTopics(wanted line.Prefix) (any, error) {
	found, err := it.admin.ListTopics()
	return wanted.Beginning(namesOf(found)), err
}

func namesOf[V any](found map[string]V) []string {
	names := []string{}
	for name := range found {
		names = append(names, name)
	}
	return names
}

func (it *client) addPartitions(wanted line.Topic) (any, error) {
	return nil, it.admin.CreatePartitions(wanted.Topic, wanted.Partitions, nil, false)
}

func (it *client) describeConfigs(wanted line.ConfigNames) (any, error) {
	found, err := it.admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: wanted.Topic, ConfigNames: wanted.Names})
	values := map[string]*string{}
	for _, name := range wanted.Names {
		values[name] = nil
	}
	for _, entry := range found {
		values[entry.Name] = &entry.Value
	}
	return values, err
}

func (it *client) alterConfigs(wanted line.Topic) (any, error) {
	changes := map[string]sarama.IncrementalAlterConfigsEntry{}
	for name, value := range wanted.Configs {
		changes[name] = sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value}
	}
	return nil, it.admin.IncrementalAlterConfig(sarama.TopicResource, wanted.Topic, changes, false)
}

// Producing

var codecs = map[string]sarama.CompressionCodec{
	"gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy, "lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

func (it *client) produce(wanted line.Produce) (any, error) {
	config := config()
	config.Producer.Compression = codecs[wanted.Codec]
	config.Producer.RequiredAcks = sarama.RequiredAcks(wanted.Wanted())
	if wanted.IsIdempotent {
		config.Producer.Idempotent = true
		config.Net.MaxOpenRequests = 1
	}
	producer, err := sarama.NewSyncProducer(it.brokers, config)
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	return send(producer, wanted.Topic, wanted.Records)
}

func send(producer sarama.SyncProducer, topic string, records []line.Record) ([]line.Place, error) {
	wanted := []*sarama.ProducerMessage{}
	for _, record := range records {
		made := &sarama.ProducerMessage{Topic: topic, Partition: record.Partition, Key: encoder(record.Key), Value: encoder(record.Value), Timestamp: record.Time()}
		for _, header := range record.Headers {
			made.Headers = append(made.Headers, sarama.RecordHeader{Key: []byte(header[0]), Value: []byte(header[1])})
		}
		wanted = append(wanted, made)
	}
	err := producer.SendMessages(wanted)
	places := []line.Place{}
	for _, sent := range wanted {
		places = append(places, line.Place{Partition: sent.Partition, Offset: sent.Offset})
	}
	return line.InOrder(places, func(place line.Place) line.Place { return place }), err
}

func encoder(text *string) sarama.Encoder {
	if text == nil {
		return nil
	}
	return sarama.StringEncoder(*text)
}

func (it *client) produceSteadily(wanted line.Steadily) (any, error) {
	config := config()
	config.Metadata.Retry.Max = 300
	config.Producer.Retry.Max = 300
	config.Producer.Retry.Backoff = 200 * time.Millisecond
	producer, err := sarama.NewSyncProducer(it.brokers, config)
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	one := func(partition int32, value string) error {
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: wanted.Topic, Partition: partition, Value: encoder(&value)})
		return err
	}
	return wanted.Send(one, refusal), nil
}

func (it *client) transact(wanted line.Transact) (any, error) {
	producer, err := it.transactionalProducer(wanted.ID)
	if err != nil {
		return nil, err
	}
	if producer.TxnStatus()&sarama.ProducerTxnFlagReady != 0 {
		if err := producer.BeginTxn(); err != nil {
			return nil, err
		}
	}
	if _, err := send(producer, wanted.Topic, wanted.Records); err != nil {
		return nil, err
	}
	if wanted.Offsets != nil {
		offset := &sarama.PartitionOffsetMetadata{Partition: wanted.Offsets.Partition, Offset: wanted.Offsets.Offset, LeaderEpoch: -1}
		if err := producer.AddOffsetsToTxn(map[string][]*sarama.PartitionOffsetMetadata{wanted.Offsets.Topic: {offset}}, wanted.Offsets.Group); err != nil {
			return nil, err
		}
	}
	switch wanted.End {
	case "commit":
		return nil, producer.CommitTxn()
	case "abort":
		return nil, producer.AbortTxn()
	}
	return nil, nil
}

func (it *client) transactionalProducer(id string) (sarama.SyncProducer, error) {
	if known, isKnown := it.transactional[id]; isKnown {
		return known, nil
	}
	config := config()
	config.Producer.Idempotent = true
	config.Producer.Transaction.ID = id
	config.Net.MaxOpenRequests = 1
	producer, err := sarama.NewSyncProducer(it.brokers, config)
	if err == nil {
		it.transactional[id] = producer
	}
	return producer, err
}

// Reading

func (it *client) read(wanted line.Read) (any, error) {
	starts, err := it.starts(wanted)
	if err != nil {
		return nil, err
	}
	config := config()
	config.Consumer.Fetch.Default = line.MostBytes / 2
	if wanted.Isolation == "read_committed" {
		config.Consumer.IsolationLevel = sarama.ReadCommitted
	}
	reader, err := it.reader(config, wanted.Topic, wanted.Partitions, starts)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return reader.take(wanted.Count, wanted.Patience())
}

func (it *client) starts(wanted line.Read) ([]int64, error) {
	if wanted.From.TimestampMs != nil {
		return it.offsets(line.Partitions{Topic: wanted.Topic, Partitions: wanted.Partitions}, *wanted.From.TimestampMs)
	}
	starts := []int64{}
	for range wanted.Partitions {
		start := sarama.OffsetOldest
		if wanted.From.Offset != nil {
			start = *wanted.From.Offset
		}
		starts = append(starts, start)
	}
	return starts, nil
}

// Of several partitions: the records of all of them, and what went wrong.
type reader struct {
	sarama.Consumer
	records chan *sarama.ConsumerMessage
	errors  chan error
}

// An offset of -1 is the end, as of a time that is later than the last record.
func (it *client) reader(config *sarama.Config, topic string, partitions []int32, starts []int64) (*reader, error) {
	consumer, err := sarama.NewConsumer(it.brokers, config)
	if err != nil {
		return nil, err
	}
	made := &reader{consumer, make(chan *sarama.ConsumerMessage), make(chan error)}
	for index, partition := range partitions {
		from, err := consumer.ConsumePartition(topic, partition, starts[index])
		if err != nil {
			made.Close()
			return nil, err
		}
		go func() {
			for record := range from.Messages() {
				made.records <- record
			}
		}()
		go func() {
			for failed := range from.Errors() {
				made.errors <- failed.Err
			}
		}()
	}
	return made, nil
}

func (it *reader) take(count int, wait time.Duration) ([]line.Seen, error) {
	deadline := time.After(wait)
	seen := []line.Seen{}
	for len(seen) < count {
		select {
		case record := <-it.records:
			seen = append(seen, seenOf(record))
		case err := <-it.errors:
			return nil, err
		case <-deadline:
			return line.SeenInOrder(seen), nil
		}
	}
	return line.SeenInOrder(seen), nil
}

func seenOf(record *sarama.ConsumerMessage) line.Seen {
	headers := [][2]string{}
	for _, header := range record.Headers {
		headers = append(headers, [2]string{string(header.Key), string(header.Value)})
	}
	return line.Seen{Offset: record.Offset, Record: line.Record{
		Partition: record.Partition, Key: line.Text(record.Key), Value: line.Text(record.Value), TimestampMs: record.Timestamp.UnixMilli(), Headers: headers,
	}}
}

func (it *client) readNew(wanted line.ReadNew) (any, error) {
	starts := make([]int64, len(wanted.Partitions))
	for index := range starts {
		starts[index] = sarama.OffsetNewest
	}
	reader, err := it.reader(config(), wanted.Topic, wanted.Partitions, starts)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	if _, err := it.produce(line.Produce{Topic: wanted.Topic, Records: wanted.Records}); err != nil {
		return nil, err
	}
	return reader.take(len(wanted.Records), line.CallTime)
}

func (it *client) offsets(wanted line.Partitions, timestamp int64) ([]int64, error) {
	if it.admin == nil {
		return it.offsetsWithoutAdmin(wanted, timestamp)
	}
	asked := map[int32]int64{}
	for _, partition := range wanted.Partitions {
		asked[partition] = timestamp
	}
	found, err := it.admin.ListOffsets(map[string]map[int32]int64{wanted.Topic: asked}, &sarama.ListOffsetsOptions{})
	if err != nil {
		return nil, err
	}
	offsets := []int64{}
	for _, partition := range wanted.Partitions {
		offset := found[wanted.Topic][partition]
		if offset.Err != nil && !errors.Is(offset.Err, sarama.ErrNoError) {
			return nil, offset.Err
		}
		offsets = append(offsets, offset.Offset)
	}
	return offsets, nil
}

func (it *client) offsetsWithoutAdmin(wanted line.Partitions, timestamp int64) ([]int64, error) {
	client, err := sarama.NewClient(it.brokers, config())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	offsets := []int64{}
	for _, partition := range wanted.Partitions {
		offset, err := client.GetOffset(wanted.Topic, partition, timestamp)
		if err != nil {
			return nil, err
		}
		offsets = append(offsets, offset)
	}
	return offsets, nil
}

func (it *client) watermarks(wanted line.Partitions) (any, error) {
	low, err := it.offsets(wanted, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	high, err := it.offsets(wanted, sarama.OffsetNewest)
	marks := []line.Watermarks{}
	for index := range high {
		marks = append(marks, line.Watermarks{Low: low[index], High: high[index]})
	}
	return marks, err
}

// Groups

// The group membership of this process, which commits what it received.
type member struct {
	topic    string
	log      line.Log
	group    sarama.ConsumerGroup
	stop     context.CancelFunc
	hasEnded chan struct{}
}

func (it *client) join(wanted line.Group) (any, error) {
	config := config()
	config.Consumer.Return.Errors = false
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Session.Timeout = 6 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 500 * time.Millisecond
	group, err := sarama.NewConsumerGroup(it.brokers, wanted.Group, config)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	it.member = &member{topic: wanted.Topic, group: group, stop: stop, hasEnded: make(chan struct{})}
	go it.member.live(ctx)
	return nil, nil
}

// A generation after the other.
func (it *member) live(ctx context.Context) {
	defer close(it.hasEnded)
	for ctx.Err() == nil {
		if err := it.group.Consume(ctx, []string{it.topic}, it); err != nil {
			fmt.Fprintln(os.Stderr, err)
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func (it *member) Setup(session sarama.ConsumerGroupSession) error {
	it.log.Assign(session.Claims()[it.topic])
	return nil
}

func (it *member) Cleanup(sarama.ConsumerGroupSession) error {
	it.log.Assign(nil)
	return nil
}

func (it *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for record := range claim.Messages() {
		it.log.Receive(record.Partition, record.Offset, record.Value)
		session.MarkMessage(record, "")
		session.Commit()
	}
	return nil
}

func (it *member) leave() error {
	it.stop()
	<-it.hasEnded
	return it.group.Close()
}

func (it *client) committed(wanted line.Partitions) (any, error) {
	found, err := it.admin.ListConsumerGroupOffsets(wanted.Group, map[string][]int32{wanted.Topic: wanted.Partitions})
	if err != nil {
		return nil, err
	}
	offsets := []int64{}
	for _, partition := range wanted.Partitions {
		offsets = append(offsets, found.GetBlock(wanted.Topic, partition).Offset)
	}
	return offsets, nil
}

func (it *client) commit(wanted line.Commit) (any, error) {
	offsets := map[int32]sarama.OffsetAndMetadata{}
	for _, place := range wanted.Offsets {
		offsets[place.Partition] = sarama.OffsetAndMetadata{Offset: place.Offset, LeaderEpoch: -1}
	}
	answer, err := it.admin.AlterConsumerGroupOffsets(wanted.Group, map[string]map[int32]sarama.OffsetAndMetadata{wanted.Topic: offsets}, nil)
	if err != nil {
		return nil, err
	}
	for _, code := range answer.Errors[wanted.Topic] {
		if code != sarama.ErrNoError {
			return nil, code
		}
	}
	return nil, nil
}

func (it *client) listGroups(wanted line.Prefix) (any, error) {
	found, err := it.admin.ListConsumerGroups()
	return wanted.Beginning(namesOf(found)), err
}

func (it *client) describeGroup(wanted line.Group) (any, error) {
	found, err := it.admin.DescribeConsumerGroups([]string{wanted.Group})
	if err != nil {
		return nil, err
	}
	if found[0].Err != sarama.ErrNoError {
		return nil, found[0].Err
	}
	return line.Described{State: found[0].State, Members: len(found[0].Members)}, nil
}
