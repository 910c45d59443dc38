package bench;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Counts purchases and sums their amounts per account with the DSL's {@code aggregate}, as its own tutorial does: RocksDB,
 * its record cache, a changelog, one thread. A marker's account is answered on the answers' topic; or, where the whole intake
 * is read at a steady rate, those that begin as BENCH_ANSWERED says, in the shape of a decision.
 */
public final class Counting {
    private static final ObjectMapper JSON =
            new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

    /** The fields that are used of a purchase; Jackson passes over the others. */
    public record Purchase(String event_id, String account_id, String occurred_at, BigDecimal amount, String currency) {}

    /** How many purchases an account made, and their exact sum. */
    public record Total(long count, BigDecimal sum) {
        Total plus(Purchase purchase) {
            return new Total(count + 1, purchase.amount() == null ? sum : sum.add(purchase.amount()));
        }

        static byte[] encode(Total total) {
            byte[] sum = total.sum.toString().getBytes(StandardCharsets.US_ASCII);
            return ByteBuffer.allocate(Long.BYTES + sum.length).putLong(total.count).put(sum).array();
        }

        static Total decode(byte[] raw) {
            String sum = new String(raw, Long.BYTES, raw.length - Long.BYTES, StandardCharsets.US_ASCII);
            return new Total(ByteBuffer.wrap(raw).getLong(), new BigDecimal(sum));
        }
    }

    private Counting() {}

    private static <T> Serde<T> serde(Serializer<T> out, Deserializer<T> in) {
        return Serdes.serdeFrom(out, in);
    }

    private static Purchase purchase(byte[] raw) {
        try {
            return JSON.readValue(raw, Purchase.class);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static StreamsBuilder topology(Map<String, String> env) {
        Serde<Purchase> purchases = serde((topic, value) -> null, (topic, raw) -> purchase(raw));
        Serde<Total> totals =
                serde(
                        (topic, total) -> total == null ? null : Total.encode(total),
                        (topic, raw) -> raw == null ? null : Total.decode(raw));
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, Purchase> stream =
                builder.stream(List.of(env.get("BENCH_INTAKE").split(",")), Consumed.with(Serdes.String(), purchases));
        stream.groupByKey()
                .aggregate(
                        () -> new Total(0, BigDecimal.ZERO),
                        (account, each, total) -> total.plus(each),
                        Materialized.<String, Total, KeyValueStore<Bytes, byte[]>>as("totals")
                                .withKeySerde(Serdes.String())
                                .withValueSerde(totals));
        String answered = env.get("BENCH_ANSWERED");
        stream.filter((account, each) -> account.startsWith(answered == null ? "marker-" : answered))
                .mapValues(
                        each ->
                                answered == null
                                        ? each.event_id()
                                        : "{\"caused_by\":\"" + each.event_id() + "\"}")
                .to(env.get("BENCH_ANSWERS"), Produced.with(Serdes.String(), Serdes.String()));
        return builder;
    }

    private static Properties settings(Map<String, String> env) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, env.get("BENCH_GROUP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, env.get("BENCH_KAFKA"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, env.get("BENCH_STATE"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, env.get("BENCH_GUARANTEE"));
        if (env.get("BENCH_GUARANTEE").equals(StreamsConfig.AT_LEAST_ONCE)) {
            settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        }
        settings.put(StreamsConfig.consumerPrefix("group.instance.id"), env.get("BENCH_INSTANCE"));
        settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 10_000);
        settings.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 1_000);
        return settings;
    }

    public static void main(String[] arguments) {
        Map<String, String> env = System.getenv();
        KafkaStreams streams = new KafkaStreams(topology(env).build(), settings(env));
        streams.setUncaughtExceptionHandler(
                error -> {
                    System.err.println("Kafka Streams: " + error);
                    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                });
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
