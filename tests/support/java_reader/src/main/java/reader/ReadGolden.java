package reader;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import reader.contract.*;

/** Reads every golden message in a folder, and prints how many there were of each topic. */
public final class ReadGolden {
  private static final ObjectMapper JSON = JsonMapper.builder().addModule(new JavaTimeModule()).build();

  private static final Map<String, Class<?>> TYPES =
      Map.ofEntries(
          Map.entry("crm.account.profiled.v1", Profile.class),
          Map.entry("crm.audit.v1", Audit.class),
          Map.entry("crm.history.moved.v1", Move.class),
          Map.entry("crm.meeting.held.v1", Meeting.class),
          Map.entry("crm.policy.published.v1", Published.class),
          Map.entry("crm.policy.shadowed.v1", ShadowDifference.class),
          Map.entry("crm.purchase.recorded.v1", Purchase.class),
          Map.entry("crm.referral.credited.v1", Referral.class),
          Map.entry("crm.relationship.command.v1", Command.class),
          Map.entry("crm.relationship.reclassified.v1", Reclassification.class),
          Map.entry("crm.relationship.state.v1", State.class),
          Map.entry("crm.ticket.updated.v1", Ticket.class));

  public static void main(String[] arguments) throws IOException {
    Map<String, Integer> read = new TreeMap<>();
    for (Path file : jsonFiles(Path.of(arguments[0]))) {
      String topic = file.getParent().getFileName().toString();
      if (TYPES.containsKey(topic)) {
        JSON.readValue(file.toFile(), TYPES.get(topic));
        read.merge(topic, 1, Integer::sum);
      }
    }
    read.forEach((topic, count) -> System.out.println(topic + " " + count));
  }

  private static List<Path> jsonFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).toList();
    }
  }
}
