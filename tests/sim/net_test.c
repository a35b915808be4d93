/*
 * The parts of the simulated network besides the NAT: random numbers, lines,
 * the firewall, the order of the world, the host as a driver of machines.
 */
#include "check.h"

#include "base/machine.h"
#include "sim/firewall.h"
#include "sim/host.h"
#include "sim/link.h"

#include <stdlib.h>

/* --- random numbers ------------------------------------------------------ */

static void rng_means_the_same_everywhere(void)
{
	struct sim_rng rng;

	sim_rng_seed(&rng, 42, SIM_FOR_NAT, 7);
	CHECK_EQ(sim_rng_u32(&rng), 1438100850U);
	CHECK_EQ(sim_rng_u32(&rng), 2944324949U);
}

static void rng_streams_differ(void)
{
	struct sim_rng one, other;

	sim_rng_seed(&one, 42, SIM_FOR_NAT, 7);
	sim_rng_seed(&other, 42, SIM_FOR_NAT, 8);
	CHECK(sim_rng_u64(&one) != sim_rng_u64(&other));
	sim_rng_seed(&other, 42, SIM_FOR_LINK, 7);
	CHECK(sim_rng_u64(&one) != sim_rng_u64(&other));
}

static void rng_stays_in_its_bounds(void)
{
	bool seen[6] = {false};
	struct sim_rng rng;

	sim_rng_seed(&rng, 1, SIM_FOR_LINK, 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t drawn = sim_rng_between(&rng, 10, 15);

		CHECK(drawn >= 10 && drawn <= 15);
		seen[drawn - 10] = true;
		CHECK(sim_rng_between(&rng, 1, UINT64_MAX) >= 1);
		CHECK_EQ(sim_rng_between(&rng, 9, 9), 9);
		CHECK(!sim_rng_chance(&rng, 0));
		CHECK(sim_rng_chance(&rng, SIM_MILLION));
	}
	for (int i = 0; i < 6; i++)
		CHECK(seen[i]);
}

/* --- lines --------------------------------------------------------------- */

#define PACKETS 20000

static struct sim_link_config line;
static size_t arrived, lost, doubled, late, corrupted;
static altair_time last_at;

/* Sends one packet a millisecond. */
static void send_many(void)
{
	struct sim_link link;
	altair_time before = 0;

	sim_link_init(&link, &line, 3, 0);
	arrived = lost = doubled = late = corrupted = 0;
	for (size_t i = 0; i < PACKETS; i++) {
		struct sim_passage passage;

		sim_link_pass(&link, ALTAIR_MSEC(i), 100, &passage);
		lost += passage.copies == 0;
		arrived += passage.copies > 0;
		doubled += passage.copies == 2;
		corrupted += passage.corrupted;
		if (passage.copies == 0)
			continue;
		late += passage.at[0] < before;
		before = passage.at[0];
		last_at = before;
	}
}

static void line_is_perfect_by_default(void)
{
	line = (struct sim_link_config){.delay = ALTAIR_MSEC(5)};
	send_many();
	CHECK_EQ(arrived, PACKETS);
	CHECK_EQ(doubled + late + corrupted, 0);
	CHECK_EQ(last_at, ALTAIR_MSEC(PACKETS - 1 + 5));
}

static bool is_about(size_t count, size_t expected)
{
	return count > expected * 9 / 10 && count < expected * 11 / 10;
}

static void line_loses_its_share(void)
{
	line = (struct sim_link_config){.loss = SIM_MILLION / 5};
	send_many();
	CHECK(is_about(lost, PACKETS / 5));
}

static void line_doubles_and_corrupts_its_share(void)
{
	line = (struct sim_link_config){.duplicate = SIM_MILLION / 4,
					.corrupt = SIM_MILLION / 10};
	send_many();
	CHECK_EQ(lost, 0);
	CHECK(is_about(doubled, PACKETS / 4));
	CHECK(is_about(corrupted, PACKETS / 10));
}

static void line_loses_in_bursts(void)
{
	line = (struct sim_link_config){.burst = SIM_MILLION / 100,
					.burst_max = 9};
	send_many();
	CHECK(is_about(lost, PACKETS * 5 / 105));
}

static void line_jitters_in_order(void)
{
	line = (struct sim_link_config){.jitter = ALTAIR_MSEC(50)};
	send_many();
	CHECK_EQ(late, 0);
	CHECK_EQ(arrived, PACKETS);
}

static void line_reorders_its_share(void)
{
	line = (struct sim_link_config){.reorder = SIM_MILLION / 10,
					.reorder_by = ALTAIR_MSEC(10)};
	send_many();
	CHECK(is_about(late, PACKETS * 9 / 100));
}

static void line_has_its_faults_in_time(void)
{
	line = (struct sim_link_config){.cut = true,
					.from = ALTAIR_MSEC(100),
					.until = ALTAIR_MSEC(300)};
	send_many();
	CHECK_EQ(lost, 200);
	line = (struct sim_link_config){.cut = true};
	send_many();
	CHECK_EQ(lost, PACKETS);
}

static void line_has_an_mtu(void)
{
	struct sim_link_config config = {.mtu = 1280};
	struct sim_passage passage;
	struct sim_link link;

	sim_link_init(&link, &config, 3, 0);
	sim_link_pass(&link, 0, 1280, &passage);
	CHECK_EQ(passage.drop, SIM_PASSED);
	sim_link_pass(&link, 0, 1281, &passage);
	CHECK_EQ(passage.drop, SIM_TOO_BIG);
}

static void corruption_flips_one_bit(void)
{
	uint8_t bytes[] = {0, 0, 0};

	sim_link_corrupt(24 * 1000 + 17, bytes, 3);
	CHECK_MEM(bytes, "\0\0\2", 3);
	sim_link_corrupt(5, bytes, 0);
}

/* --- the firewall -------------------------------------------------------- */

static altair_addr at(const char *text)
{
	altair_addr addr;

	CHECK(altair_addr_parse(&addr, text) == 0);
	return addr;
}

static struct sim_packet packet(const char *src, const char *dst)
{
	return (struct sim_packet){.src = at(src), .dst = at(dst)};
}

#define IN "[2001:db8::1]:5"
#define OUT "[2001:db8:1::1]:5"
#define OUT2 "[2001:db8:1::1]:6"

static void firewall_admits_answers_only(void)
{
	struct sim_firewall_config config;
	struct sim_firewall *fw;
	struct sim_packet out = packet(IN, OUT), in = packet(OUT, IN);
	struct sim_packet other = packet(OUT2, IN);

	sim_firewall_config_default(&config);
	config.lifetime = ALTAIR_SEC(30);
	fw = sim_firewall_new(&config);
	CHECK_EQ(sim_firewall_inbound(fw, 0, &in), SIM_FIREWALLED);
	CHECK_EQ(sim_firewall_outbound(fw, 0, &out), SIM_PASSED);
	CHECK_EQ(sim_firewall_inbound(fw, ALTAIR_SEC(29), &in), SIM_PASSED);
	CHECK_EQ(sim_firewall_inbound(fw, ALTAIR_SEC(29), &other),
		 SIM_FIREWALLED);
	CHECK_EQ(sim_firewall_inbound(fw, ALTAIR_SEC(58), &in), SIM_PASSED);
	CHECK_EQ(sim_firewall_inbound(fw, ALTAIR_SEC(88), &in), SIM_FIREWALLED);
	sim_firewall_free(fw);
}

static void firewall_has_a_limit(void)
{
	struct sim_firewall_config config;
	struct sim_firewall *fw;
	struct sim_packet one = packet(IN, OUT), two = packet(IN, OUT2);

	sim_firewall_config_default(&config);
	config.flows_max = 1;
	fw = sim_firewall_new(&config);
	CHECK_EQ(sim_firewall_outbound(fw, 0, &one), SIM_PASSED);
	CHECK_EQ(sim_firewall_outbound(fw, 0, &two), SIM_FIREWALLED);
	CHECK_EQ(sim_firewall_outbound(fw, ALTAIR_SEC(300), &two), SIM_PASSED);
	sim_firewall_free(fw);
}

static void firewall_admits_errors_about_its_flows(void)
{
	struct sim_firewall_config config;
	struct sim_firewall *fw;
	struct sim_packet out = packet(IN, OUT);
	struct sim_packet error = packet("[2001:db8:9::9]:1", IN);

	sim_firewall_config_default(&config);
	fw = sim_firewall_new(&config);
	error.kind = SIM_UNREACHABLE;
	error.about = at(OUT);
	CHECK_EQ(sim_firewall_inbound(fw, 0, &error), SIM_FIREWALLED);
	CHECK_EQ(sim_firewall_outbound(fw, 0, &out), SIM_PASSED);
	CHECK_EQ(sim_firewall_inbound(fw, 0, &error), SIM_PASSED);
	sim_firewall_free(fw);
}

static void firewall_can_block_udp(void)
{
	struct sim_firewall_config config;
	struct sim_firewall *fw;
	struct sim_packet out = packet(IN, OUT);

	sim_firewall_config_default(&config);
	config.blocks_udp = true;
	fw = sim_firewall_new(&config);
	CHECK_EQ(sim_firewall_outbound(fw, 0, &out), SIM_UDP_BLOCKED);
	CHECK_EQ(sim_firewall_inbound(fw, 0, &out), SIM_UDP_BLOCKED);
	sim_firewall_free(fw);
}

/* --- the world and the host ---------------------------------------------- */

/* A tiny machine: notes its batches, and sends one burst when it is told. */
struct tiny {
	struct altair_machine machine;
	size_t batches[8], batch_count, ticks;
	altair_time deadline;
	bool has_burst;
	char taken[64];
};

static void tiny_input(altair_machine *machine, altair_time now,
		       altair_datagram *batch, size_t count)
{
	struct tiny *tiny = (struct tiny *)machine;

	(void)now;
	tiny->batches[tiny->batch_count++] = count;
	for (size_t i = 0; i < count; i++) {
		bool mine = batch[i].bytes.data[0] == 't';

		batch[i].verdict = mine ? ALTAIR_TAKEN : ALTAIR_NOT_MINE;
		strncat(tiny->taken, (const char *)batch[i].bytes.data, 1);
	}
}

static void tiny_tick(altair_machine *machine, altair_time now)
{
	struct tiny *tiny = (struct tiny *)machine;

	tiny->ticks++;
	tiny->deadline =
		now < ALTAIR_SEC(3) ? now + ALTAIR_SEC(1) : ALTAIR_NEVER;
}

static enum altair_step tiny_poll(altair_machine *machine, altair_output *out)
{
	struct tiny *tiny = (struct tiny *)machine;

	*out = (altair_output){.deadline = tiny->deadline};
	if (!tiny->has_burst)
		return ALTAIR_WAIT;
	tiny->has_burst = false;
	out->datagram.path.remote = at("192.0.2.2:2");
	out->datagram.bytes = (altair_bytes){(const uint8_t *)"t1a2t3t", 7};
	out->datagram.segment = 2;
	return ALTAIR_SEND;
}

static const struct air_machine_ops tiny_ops = {tiny_input, tiny_tick,
						tiny_poll};

static struct sim_world *world;
static struct sim_host *host[2];
static struct tiny tiny[2];
static unsigned unwanted, refusals;

static void note_datagram(void *user, const altair_datagram *datagram)
{
	(void)user;
	CHECK_EQ(datagram->verdict, ALTAIR_NOT_MINE);
	unwanted++;
}

static void note_refusal(void *user, const altair_addr *remote)
{
	(void)user;
	CHECK_EQ(remote->port, 2);
	refusals++;
}

static const struct sim_app app = {.datagram = note_datagram,
				   .refused = note_refusal};

static void two_hosts(altair_time delay)
{
	struct sim_world_config config = {.start = ALTAIR_SEC(1),
					  .until = ALTAIR_SEC(60),
					  .steps_max = 1000};
	struct sim_link_config half = {.delay = delay};
	unsigned network;

	world = sim_world_new(&config);
	network = sim_world_network(world, "net", true);
	unwanted = refusals = 0;
	for (unsigned i = 0; i < 2; i++) {
		altair_addr addr = at(i ? "192.0.2.2:2" : "192.0.2.1:1");

		host[i] = sim_host_new(i ? "two" : "one", &addr, &app, NULL);
		sim_world_add(world, sim_host_node(host[i]));
		sim_world_attach(world, sim_host_node(host[i]), network, &half,
				 &half);
		sim_world_route(world, sim_host_node(host[i]), 0, &addr);
		tiny[i] = (struct tiny){.machine.ops = &tiny_ops,
					.deadline = ALTAIR_NEVER};
		sim_host_add(host[i], &tiny[i].machine);
	}
}

static void run_world(void)
{
	while (sim_world_step(world) == SIM_STEPPED)
		;
}

static void bursts_leave_split_and_arrive_as_one_batch(void)
{
	two_hosts(ALTAIR_MSEC(5));
	tiny[0].has_burst = true;
	sim_host_poll(host[0]);
	run_world();
	CHECK_EQ(tiny[1].batch_count, 1);
	CHECK_EQ(tiny[1].batches[0], 4);
	CHECK_STR(tiny[1].taken, "tatt");
	CHECK_EQ(unwanted, 1);
	CHECK_EQ(sim_world_now(world), ALTAIR_SEC(1) + ALTAIR_MSEC(10));
	sim_world_free(world);
}

static void the_next_machine_gets_what_is_left(void)
{
	struct tiny second = {.machine.ops = &tiny_ops,
			      .deadline = ALTAIR_NEVER};

	two_hosts(0);
	sim_host_add(host[1], &second.machine);
	tiny[0].has_burst = true;
	sim_host_poll(host[0]);
	run_world();
	CHECK_STR(second.taken, "a");
	CHECK_EQ(second.batches[0], 1);
	sim_world_free(world);
}

static void deadlines_are_kept(void)
{
	two_hosts(0);
	tiny[0].deadline = ALTAIR_SEC(2);
	sim_host_poll(host[0]);
	run_world();
	CHECK_EQ(tiny[0].ticks, 2);
	CHECK_EQ(sim_world_now(world), ALTAIR_SEC(3));
	sim_world_free(world);
}

static void closed_ports_refuse(void)
{
	two_hosts(0);
	sim_host_open(host[1], false);
	tiny[0].has_burst = true;
	sim_host_poll(host[0]);
	run_world();
	CHECK_EQ(refusals, 4);
	CHECK_EQ(tiny[1].batch_count, 0);
	sim_world_free(world);
}

static void nowhere_is_a_drop(void)
{
	struct sim_trace *trace;

	two_hosts(0);
	trace = sim_world_trace(world);
	trace->keep = true;
	sim_host_send(host[0],
		      &(altair_datagram){.path.remote = at("192.0.2.9:9"),
					 .bytes = {(const uint8_t *)"x", 1}});
	run_world();
	CHECK_EQ(trace->count, 1);
	CHECK_EQ(trace->records[0].drop, SIM_NO_ROUTE);
	sim_world_free(world);
}

static uint64_t hash_of(altair_time delay)
{
	uint64_t hash;

	two_hosts(delay);
	tiny[0].has_burst = true;
	sim_host_poll(host[0]);
	run_world();
	hash = sim_world_trace(world)->hash;
	sim_world_free(world);
	return hash;
}

static void the_hash_is_of_everything(void)
{
	CHECK(hash_of(1000) == hash_of(1000));
	CHECK(hash_of(1000) != hash_of(1001));
}

static const struct check_test tests[] = {
	TEST(rng_means_the_same_everywhere),
	TEST(rng_streams_differ),
	TEST(rng_stays_in_its_bounds),
	TEST(line_is_perfect_by_default),
	TEST(line_loses_its_share),
	TEST(line_doubles_and_corrupts_its_share),
	TEST(line_loses_in_bursts),
	TEST(line_jitters_in_order),
	TEST(line_reorders_its_share),
	TEST(line_has_its_faults_in_time),
	TEST(line_has_an_mtu),
	TEST(corruption_flips_one_bit),
	TEST(firewall_admits_answers_only),
	TEST(firewall_has_a_limit),
	TEST(firewall_admits_errors_about_its_flows),
	TEST(firewall_can_block_udp),
	TEST(bursts_leave_split_and_arrive_as_one_batch),
	TEST(the_next_machine_gets_what_is_left),
	TEST(deadlines_are_kept),
	TEST(closed_ports_refuse),
	TEST(nowhere_is_a_drop),
	TEST(the_hash_is_of_everything),
};

CHECK_MAIN(tests)
