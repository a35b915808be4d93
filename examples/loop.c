/*
 * loop - a punch machine in static memory, driven by poll(2): obey the machine
 * until it waits, wait for a datagram or its deadline, hand that over, repeat.
 *
 *	loop LOCAL_IP:PORT PEER_IP:PORT
 */
#include <altair/punch.h>
#include <altair/udp.h>

#include <poll.h>
#include <stdio.h>

static const altair_bytes greeting = {(const uint8_t *)"greetings", 9};

static _Alignas(16) uint8_t memory[16384];
static altair_punch *punch;
static altair_udp *udp;
static bool is_over;

static void on_event(const altair_output *out)
{
	altair_datagram message;
	char addr[ALTAIR_ADDR_TEXT];

	altair_addr_format(&out->addr, addr, sizeof addr);
	if (out->event == ALTAIR_EV_ATTEMPT)
		printf("attempt %u of %u\n", out->number, out->total);
	if (out->event == ALTAIR_EV_CONNECTED)
		printf("connected to %s\n", addr);
	if (out->event == ALTAIR_EV_VERIFIED &&
	    altair_punch_wrap(punch, altair_clock_now(), greeting, &message) ==
		    0)
		altair_udp_send(udp, &message, 1);
	if (out->event == ALTAIR_EV_FAILED) {
		printf("failed: %s\n", altair_strerror(out->reason));
		is_over = true;
	}
}

/* Obeys the machine; returns when it wants to be called again. */
static altair_time drain(altair_machine *machine)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			altair_udp_send(udp, &out.datagram, 1);
		else
			on_event(&out);
	}
	return out.deadline;
}

static void wait_until(altair_time deadline)
{
	struct pollfd fd = {.fd = altair_udp_fd(udp), .events = POLLIN};
	altair_time now = altair_clock_now();
	int ms = 60000;

	if (deadline < now + ALTAIR_SEC(60))
		ms = deadline > now ? (int)((deadline - now) / 1000000) + 1 : 0;
	poll(&fd, 1, ms);
}

int main(int argc, char **argv)
{
	altair_punch_config config;
	altair_datagram in;
	altair_addr local;

	altair_punch_config_default(&config);
	if (argc != 3 || altair_addr_parse(&local, argv[1]) < 0 ||
	    altair_addr_parse(&config.peer, argv[2]) < 0 ||
	    altair_udp_open(&udp, &local, 0, 1) < 0 ||
	    altair_punch_init(&punch, memory, sizeof memory, &config,
			      altair_clock_now()) < 0) {
		fprintf(stderr, "usage: loop LOCAL_IP:PORT PEER_IP:PORT\n");
		return 2;
	}
	for (altair_machine *machine = altair_punch_machine(punch); !is_over;) {
		wait_until(drain(machine));
		altair_tick(machine, altair_clock_now());
		if (altair_udp_receive(udp, 0, &in, 1) <= 0)
			continue;
		altair_input(machine, altair_clock_now(), &in, 1);
		if (in.verdict != ALTAIR_PAYLOAD)
			continue;
		printf("heard: %.*s\n", (int)in.bytes.len, in.bytes.data);
		is_over = true;
	}
	drain(altair_punch_machine(punch));
	altair_udp_close(udp);
	return altair_punch_state(punch) != ALTAIR_PUNCH_CONNECTED;
}
