import com.sun.management.OperatingSystemMXBean;
import io.apicurio.registry.utils.converter.avro.AvroData;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.InsertField;
import org.apache.kafka.connect.transforms.MaskField;
import org.apache.kafka.connect.transforms.ReplaceField;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Kafka Connect's own converters and transforms on the lines of a file, as ours/main.go does it with kcgen's:
 * Original CASE FILE WARM-UP-SECONDS SECONDS. It prints records, CPU nanoseconds of the whole process (the compiler's
 * and the collector's threads too) and the bytes written, of the time behind the warm-up.
 */
public class Original {
    /** Work on one record; the answer is what the record became in bytes. */
    interface Work { int one(byte[] line) throws Exception; }

    public static void main(String[] args) throws Exception {
        List<byte[]> lines = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(args[1]))) lines.add(line.getBytes(StandardCharsets.UTF_8));
        Work work = work(args[0], lines);
        run(work, lines, Double.parseDouble(args[2]));
        OperatingSystemMXBean os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = os.getProcessCpuTime();
        long[] done = run(work, lines, Double.parseDouble(args[3]));
        cpu = os.getProcessCpuTime() - cpu;
        System.out.printf("%d %d %d%n", done[0], cpu, done[1] / (done[0] / lines.size()));
    }

    /** Runs over all lines again and again until the time is over: {records, bytes}. */
    static long[] run(Work work, List<byte[]> lines, double seconds) throws Exception {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        long n = 0, bytes = 0;
        do {
            for (byte[] line : lines) bytes += work.one(line);
            n += lines.size();
        } while (System.nanoTime() < end);
        return new long[] {n, bytes};
    }

    static Work work(String name, List<byte[]> lines) throws Exception {
        switch (name) {
            case "json": return chain(converter(false));
            case "envelope": return chain(converter(true));
            case "avro-encode": return encode(lines);
            case "avro-decode": return decode(lines);
            default: throw new IllegalArgumentException("no case " + name);
        }
    }

    static JsonConverter converter(boolean schemas) {
        JsonConverter c = new JsonConverter();
        c.configure(Map.of("schemas.enable", String.valueOf(schemas)), false);
        return c;
    }

    static Work chain(JsonConverter c) {
        Transformation<SinkRecord> replace = new ReplaceField.Value<>();
        replace.configure(Map.of("exclude", "debug", "renames", "cust:customer"));
        Transformation<SinkRecord> mask = new MaskField.Value<>();
        mask.configure(Map.of("fields", "card"));
        Transformation<SinkRecord> insert = new InsertField.Value<>();
        insert.configure(Map.of("static.field", "site", "static.value", "eu"));
        return line -> {
            SchemaAndValue v = c.toConnectData("orders", line);
            SinkRecord r = new SinkRecord("orders", 0, null, null, v.schema(), v.value(), 0, 0L, TimestampType.CREATE_TIME);
            r = insert.apply(mask.apply(replace.apply(r)));
            return c.fromConnectData("orders", r.valueSchema(), r.value()).length;
        };
    }

    /** What Confluent's converter does behind its look-up of the schema's id: AvroData and Avro's generic writer. */
    static Work encode(List<byte[]> lines) {
        AvroData data = new AvroData(1000);
        JsonConverter c = converter(true);
        SchemaAndValue[] values = new SchemaAndValue[lines.size()];
        for (int i = 0; i < values.length; i++) values[i] = c.toConnectData("orders", lines.get(i));
        GenericDatumWriter<Object> writer = new GenericDatumWriter<>(data.fromConnectSchema(values[0].schema()));
        int[] at = {0};
        return line -> {
            SchemaAndValue v = values[at[0]++ % values.length];
            return write(writer, data.fromConnectData(v.schema(), v.value())).length + 5;
        };
    }

    static byte[] write(GenericDatumWriter<Object> writer, Object value) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        writer.write(value, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    static Work decode(List<byte[]> lines) throws Exception {
        AvroData data = new AvroData(1000);
        JsonConverter c = converter(true);
        byte[][] encoded = new byte[lines.size()][];
        org.apache.avro.Schema schema = data.fromConnectSchema(c.toConnectData("orders", lines.get(0)).schema());
        GenericDatumWriter<Object> writer = new GenericDatumWriter<>(schema);
        for (int i = 0; i < encoded.length; i++) {
            SchemaAndValue v = c.toConnectData("orders", lines.get(i));
            encoded[i] = write(writer, data.fromConnectData(v.schema(), v.value()));
        }
        GenericDatumReader<Object> reader = new GenericDatumReader<>(schema);
        int[] at = {0};
        return line -> {
            byte[] bytes = encoded[at[0]++ % encoded.length];
            BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, null);
            SchemaAndValue v = data.toConnectData(schema, reader.read(null, decoder));
            return v.value() == null ? 0 : bytes.length + 5;
        };
    }
}
