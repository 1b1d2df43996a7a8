// A client in Go (franz-go), which logs in as it is told, sends records and reads them back; prints what it observed as one line of JSON.
//
// usage: franz-go '{"bootstrap": …, "topic": …, "mechanism": …, "user": …, "password": …, "ca": FILE, "certificate": FILE, "key": FILE,
// "forMs": …}', of which all but the first two may be missing. It sends one record, or with forMs one after the other for so long.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

type wishes struct {
	Bootstrap, Topic, Mechanism, User, Password, Token string
	Ca, Certificate, Key                               string
	IsToken                                            bool
	ForMs                                              int64
}

func main() {
	var wanted wishes
	if err := json.Unmarshal([]byte(os.Args[1]), &wanted); err != nil {
		panic(err)
	}
	observed, err := observe(wanted)
	if err != nil {
		observed = refusal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(observed); err != nil {
		panic(err)
	}
}

// Authentication that failed is told by its code, and a refusal by rules too; anything else is a connection that ended.
func refusal(err error) map[string]any {
	var code *kerr.Error
	if errors.As(err, &code) {
		return map[string]any{"refused": code.Message}
	}
	fmt.Fprintln(os.Stderr, err)
	return map[string]any{"refused": "connection"}
}

func observe(wanted wishes) (map[string]any, error) {
	options := []kgo.Opt{
		kgo.SeedBrokers(wanted.Bootstrap),
		kgo.DefaultProduceTopic(wanted.Topic),
		kgo.RequestRetries(2),
		kgo.RecordRetries(2),
	}
	if mechanism := mechanismOf(wanted); mechanism != nil {
		options = append(options, kgo.SASL(mechanism))
	}
	if wanted.Ca != "" {
		terms, err := tlsOf(wanted)
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(terms))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second+time.Duration(wanted.ForMs)*time.Millisecond)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		return nil, err
	}
	return echo(ctx, client, wanted)
}

// Each record comes back before the next is sent. The topic has one partition.
func echo(ctx context.Context, client *kgo.Client, wanted wishes) (map[string]any, error) {
	end := time.Now().Add(time.Duration(wanted.ForMs) * time.Millisecond)
	for sent := 0; sent == 0 || time.Now().Before(end); sent++ {
		value := fmt.Sprintf("%s %d", wanted.Mechanism, sent)
		record, err := client.ProduceSync(ctx, kgo.StringRecord(value)).First()
		if err != nil {
			return nil, err
		}
		if sent == 0 {
			from := kgo.NewOffset().At(record.Offset)
			client.AddConsumePartitions(map[string]map[int32]kgo.Offset{wanted.Topic: {0: from}})
		}
		read, err := next(ctx, client)
		if err != nil {
			return nil, err
		}
		if read != value {
			return map[string]any{"sent": value, "read": read}, nil
		}
	}
	return map[string]any{"isAllRead": true}, nil
}

func next(ctx context.Context, client *kgo.Client) (string, error) {
	for {
		fetches := client.PollRecords(ctx, 1)
		for _, failed := range fetches.Errors() {
			return "", failed.Err
		}
		if records := fetches.Records(); len(records) > 0 {
			return string(records[0].Value), nil
		}
	}
}

func mechanismOf(wanted wishes) sasl.Mechanism {
	login := scram.Auth{User: wanted.User, Pass: wanted.Password, IsToken: wanted.IsToken}
	switch wanted.Mechanism {
	case "":
		return nil
	case "PLAIN":
		return plain.Auth{User: wanted.User, Pass: wanted.Password}.AsMechanism()
	case "SCRAM-SHA-256":
		return login.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		return login.AsSha512Mechanism()
	case "OAUTHBEARER":
		return oauth.Auth{Token: wanted.Token}.AsMechanism()
	}
	panic("no such mechanism: " + wanted.Mechanism)
}

func tlsOf(wanted wishes) (*tls.Config, error) {
	authority, err := os.ReadFile(wanted.Ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("no certificate in " + wanted.Ca)
	}
	terms := &tls.Config{RootCAs: roots}
	if wanted.Certificate != "" {
		own, err := tls.LoadX509KeyPair(wanted.Certificate, wanted.Key)
		if err != nil {
			return nil, err
		}
		terms.Certificates = []tls.Certificate{own}
	}
	return terms, nil
}
