package example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import example.contract.Reclassification; // made by Maven from the topic's JSON Schema
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints who became a client and why, once each.
 *
 * <pre>mvn -q compile exec:java -Dexec.args="seen.txt"</pre>
 *
 * <p>A decision comes at least once, under the same event_id however often. The ids that were handled stand in a file, so
 * that a repeat is dropped after a restart too; the group's offsets are committed after the work, so that nothing is passed
 * over. CLIENTWARD_KAFKA_BOOTSTRAP names the brokers. With --once it works off what is there and ends, for a timer to start.
 */
public final class NewClients {
  private static final String TOPIC = "crm.relationship.reclassified.v1";
  private static final String GROUP = "new-clients-java";
  private static final Duration POLL = Duration.ofMillis(500);
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  // Fields that a later minor version adds are no mistake.
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Path file;
  private final Set<String> seen;

  private NewClients(Path file) throws IOException {
    this.file = file;
    this.seen = new HashSet<>(Files.exists(file) ? Files.readAllLines(file) : List.of());
  }

  public static void main(String[] arguments) throws IOException {
    List<String> given = List.of(arguments);
    if (given.isEmpty()) {
      System.err.println("usage: NewClients SEEN_FILE [--once]");
      System.exit(2);
    }
    new NewClients(Path.of(given.get(0))).follow(given.contains("--once"));
  }

  private void follow(boolean once) throws IOException {
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(settings(), new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(TOPIC));
      Map<TopicPartition, Long> ends = Map.of();
      do {
        ConsumerRecords<String, String> records = consumer.poll(POLL);
        for (ConsumerRecord<String, String> each : records) {
          handle(each.value());
        }
        consumer.commitSync();
        if (ends.isEmpty()) {
          ends = consumer.endOffsets(consumer.assignment());
        }
      } while (!once || !isAtEnd(consumer, ends));
    }
  }

  /** Does the work of one decision, unless it was done before. */
  private void handle(String value) throws IOException {
    Reclassification decision = read(value);
    if (seen.contains(decision.getEventId())) {
      return;
    }
    if (decision.getTo() == Reclassification.To.CLIENT) {
      OUT.printf(
          "%s became a client on %s: %s%n",
          decision.getAccountId(), decision.getEffectiveAt().toLocalDate(), decision.getWhy());
    }
    Files.writeString(
        file, decision.getEventId() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    seen.add(decision.getEventId());
  }

  private static Reclassification read(String value) throws JsonProcessingException {
    return JSON.readValue(value, Reclassification.class);
  }

  private static boolean isAtEnd(
      KafkaConsumer<String, String> consumer, Map<TopicPartition, Long> ends) {
    return !ends.isEmpty()
        && ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  private static Properties settings() {
    Properties settings = new Properties();
    String brokers = System.getenv().getOrDefault("CLIENTWARD_KAFKA_BOOTSTRAP", "127.0.0.1:9092");
    settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, GROUP);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    return settings;
  }
}
