/*
 * The least that two processes can do over lib/shm's layout: `ring one-way` or `ring round-trip`. A request per line of
 * stdin, {"records": N}; the answer is the nanoseconds that a record, or a round trip, took.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_BYTES = 4096, RING_WORDS = 128, TAIL = 0, HEAD = 32, WRAP = -1 };
enum { CAPACITY = 1 << 20, RECORD_BYTES = 64, RECORD_NUMBERS = RECORD_BYTES / 8, STRIDE = 72 };

/* Some seconds: by then the other process is gone. */
enum { LOOKS_MAX = 1 << 30 };

struct ring {
  int32_t *words;
  char *data;
  uint32_t position;  /* this side's */
  uint32_t published; /* what the other side knows of it */
  uint32_t seen;      /* the other side's, as it was last seen */
  uint32_t looks;     /* in a row that found nothing */
};

static struct ring ring_at(char *memory, int index) {
  struct ring ring = {
      .words = (int32_t *)memory + index * RING_WORDS,
      .data = memory + CONTROL_BYTES + (size_t)index * CAPACITY,
  };
  return ring;
}

static void publish(struct ring *ring, int word) {
  ring->published = ring->position;
  __atomic_store_n(&ring->words[word], (int32_t)ring->position, __ATOMIC_RELEASE);
}

static void look(struct ring *ring, int word) {
  if (++ring->looks > LOOKS_MAX) exit(1);
  ring->seen = (uint32_t)__atomic_load_n(&ring->words[word], __ATOMIC_ACQUIRE);
}

/* Writes a record of which every number is `value`. */
static void produce(struct ring *ring, double value) {
  uint32_t offset = ring->position & (CAPACITY - 1);
  uint32_t needed = CAPACITY - offset < STRIDE ? CAPACITY - offset + STRIDE : STRIDE;
  while (CAPACITY - (ring->position - ring->seen) < needed) look(ring, HEAD);
  if (needed != STRIDE) {
    *(int32_t *)(ring->data + offset) = WRAP;
    ring->position += CAPACITY - offset;
    offset = 0;
  }
  char *record = ring->data + offset;
  *(int32_t *)record = RECORD_BYTES;
  for (int index = 0; index < RECORD_NUMBERS; index++) memcpy(record + 4 + index * 8, &value, sizeof value);
  ring->position += STRIDE;
  ring->looks = 0;
  publish(ring, TAIL);
}

/* Waits for the next record and gives the sum of its numbers. */
static double consume(struct ring *ring) {
  for (;;) {
    if (ring->seen == ring->position) {
      if (ring->published != ring->position) publish(ring, HEAD);
      while (ring->seen == ring->position) look(ring, TAIL);
      ring->looks = 0;
    }
    char *record = ring->data + (ring->position & (CAPACITY - 1));
    int32_t length = *(int32_t *)record;
    if (length == WRAP) {
      ring->position += CAPACITY - (ring->position & (CAPACITY - 1));
      continue;
    }
    double sum = 0;
    for (int at = 0; at < length; at += 8) {
      double number;
      memcpy(&number, record + 4 + at, sizeof number);
      sum += number;
    }
    ring->position += (length + 4 + 7) & ~7;
    if (ring->position - ring->published >= CAPACITY / 4) publish(ring, HEAD);
    return sum;
  }
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

static double sum_of(int count) { return RECORD_NUMBERS * (count * (count - 1.0) / 2); }

static void far_side(struct ring in, struct ring out, int is_round_trip, int requests) {
  int records;
  while (read(requests, &records, sizeof records) == sizeof records) {
    double sum = 0;
    produce(&out, 0);
    for (int record = 0; record < records; record++) {
      double number = consume(&in);
      sum += number;
      if (is_round_trip) produce(&out, number / RECORD_NUMBERS);
    }
    if (!is_round_trip) produce(&out, sum);
  }
}

/* Gives the nanoseconds of `records` records; negative when they were not what was sent. */
static double near_side(struct ring *in, struct ring *out, int is_round_trip, int records) {
  double sum = 0;
  consume(in); /* The far side is here. */
  double started = nanoseconds();
  for (int record = 0; record < records; record++) {
    produce(out, record);
    if (is_round_trip) sum += consume(in);
  }
  if (!is_round_trip) sum = consume(in) / RECORD_NUMBERS;
  double took = nanoseconds() - started;
  return sum == sum_of(records) ? took : -1;
}

int main(int count, char **arguments) {
  int is_round_trip = count > 1 && strcmp(arguments[1], "round-trip") == 0;
  size_t byte_count = CONTROL_BYTES + 2 * (size_t)CAPACITY;
  char *memory = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int requests[2];
  if (memory == MAP_FAILED || pipe(requests) != 0) return 1;
  struct ring there = ring_at(memory, 0), back = ring_at(memory, 1);
  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    close(requests[1]);
    far_side(there, back, is_round_trip, requests[0]);
    return 0;
  }
  close(requests[0]);
  puts("{\"ready\":true}");
  fflush(stdout);
  int records;
  for (char line[256]; fgets(line, sizeof line, stdin) != NULL;) {
    if (sscanf(line, "{\"records\":%d}", &records) != 1) return 1;
    if (write(requests[1], &records, sizeof records) != sizeof records) return 1;
    double took = near_side(&back, &there, is_round_trip, records);
    if (took < 0) return 1;
    printf("{\"nanos\":%f}\n", took / records);
    fflush(stdout);
  }
  return 0;
}
