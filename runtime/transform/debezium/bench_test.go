package debezium_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

// bench applies a transform to the same record again and again.
func bench(b *testing.B, t connect.Transform, r connect.Record) {
	apply := open(b, t)
	b.ReportAllocs()
	var record connect.Record
	for b.Loop() {
		record = r
		if _, err := apply(&record); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExtractNewRecordState(b *testing.B) {
	rewrite, headers, drop := extract, extract, extract
	rewrite.DeleteTombstoneHandlingMode, rewrite.AddFields = "rewrite", []string{"op", "table", "source.ts_ms"}
	headers.AddHeaders = []string{"op", "table"}
	drop.DropFieldsHeaderName = "drop"
	dropped := insert("Ann")
	dropped.Headers = []connect.Header{names("name")}
	b.Run("insert", func(b *testing.B) { bench(b, extract, insert("Ann")) })
	b.Run("rewrite", func(b *testing.B) { bench(b, rewrite, deletion("Ann")) })
	b.Run("headers", func(b *testing.B) { bench(b, headers, insert("Ann")) })
	b.Run("drop", func(b *testing.B) { bench(b, drop, dropped) })
}

func BenchmarkEventRouter(b *testing.B) {
	envelope, expand := router, router
	envelope.TableFieldsAdditionalPlacement = []string{"type:envelope"}
	expand.TableExpandJSONPayload = true
	const text = `{"id":7,"customer":{"name":"Ann","city":"Wien"},"lines":[{"sku":"a","qty":1},{"sku":"b","qty":2}],"paid":true}`
	b.Run("payload", func(b *testing.B) { bench(b, router, message("Order", text)) })
	b.Run("envelope", func(b *testing.B) { bench(b, envelope, message("Order", text)) })
	b.Run("JSON", func(b *testing.B) { bench(b, expand, message("Order", text)) })
}

func BenchmarkByLogicalTableRouter(b *testing.B) {
	r := insert("Ann")
	r.Topic = "srv.public.customers_shard_1"
	bench(b, shards, r)
}
