/*
 * altair/machine.h - the whole contract between a protocol and the world.
 *
 * A machine is given datagrams and the time, and is asked what to do next. It
 * never calls out, never allocates, reads no clock and no random source but the
 * one in its configuration. Drivers (altair/conn.h, altair/uv.h, altair/serve.h,
 * the simulator, your own loop) do the rest:
 *
 *     while ((step = altair_poll(m, &out)) != ALTAIR_WAIT)
 *             step == ALTAIR_SEND ? send(&out.datagram) : report(&out);
 *     wait until a datagram arrives or out.deadline comes;
 *     altair_input(m, now, batch, count)  or  altair_tick(m, now);
 */
#ifndef ALTAIR_MACHINE_H
#define ALTAIR_MACHINE_H

#include <altair/base.h>
#include <altair/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Any machine: altair_agent, altair_discover, altair_meet, altair_probe,
 * altair_punch, altair_secure, altair_server, altair_turn. */
typedef struct altair_machine altair_machine;

enum altair_step {
	ALTAIR_WAIT, /* nothing more now; call again by `deadline`          */
	ALTAIR_SEND, /* send `datagram`                                     */
	ALTAIR_EVENT /* something to know: `event` and what belongs to it   */
};

/*
 * Events. Which machine gives which, and what the fields mean, stands in the
 * machine's own header. New ones are only ever added at the end.
 */
enum altair_event {
	ALTAIR_EV_NONE,
	ALTAIR_EV_ANSWER,	   /* discover: a server answered            */
	ALTAIR_EV_SERVER_FAILED,   /* discover: a server will not answer     */
	ALTAIR_EV_MAPPING_CHANGED, /* discover: a refresh showed a new one   */
	ALTAIR_EV_DISCOVERED,	   /* discover: every question is settled    */
	ALTAIR_EV_ATTEMPT,	   /* punch: an attempt begins               */
	ALTAIR_EV_HEARD,	   /* punch: a first valid word arrived      */
	ALTAIR_EV_PORT_CHANGED,	   /* punch: the peer comes from another port*/
	ALTAIR_EV_CONNECTED,	   /* punch: both directions are known       */
	ALTAIR_EV_VERIFIED,	   /* punch: PING was answered with PONG     */
	ALTAIR_EV_ROLES,	   /* punch: both or neither are initiator   */
	ALTAIR_EV_FAILED,	   /* punch, meet, secure: it has ended      */
	ALTAIR_EV_RELAYED,	   /* turn: we have a relayed address        */
	ALTAIR_EV_PERMITTED,	   /* turn: a peer may reach us, or not      */
	ALTAIR_EV_CHANNEL,	   /* turn: a peer has a channel, or not     */
	ALTAIR_EV_UNREACHABLE,	   /* turn: an ICMP error about a peer       */
	ALTAIR_EV_RELAY_MOVED,	   /* turn: another server is to be asked    */
	ALTAIR_EV_RELAY_ENDED,	   /* turn: the relayed address is gone      */
	ALTAIR_EV_CANDIDATE,	   /* agent: a candidate for the peer        */
	ALTAIR_EV_END_OF_CANDIDATES, /* agent: there will be no more         */
	ALTAIR_EV_STATE,	     /* agent: its state has changed         */
	ALTAIR_EV_SELECTED,	     /* agent: data goes another way now     */
	ALTAIR_EV_CREDENTIALS,	     /* agent: ours have changed             */
	ALTAIR_EV_RELAY_OPEN,	     /* server: a relay port is to be opened */
	ALTAIR_EV_RELAY_CLOSE,	     /* server: a relay port is to be closed */
	ALTAIR_EV_OPEN,		     /* agent: a stream is to be opened      */
	ALTAIR_EV_SHUT,		     /* agent, server: close a stream        */
	ALTAIR_EV_PROBED,	     /* probe: all is known that can be      */
	ALTAIR_EV_INTRODUCED,	     /* meet: the peer knows the secret      */
	ALTAIR_EV_SECURED	     /* secure: the peer has proved his key  */
};

typedef struct altair_output {
	altair_datagram datagram; /* SEND: path, bytes, segment              */
	altair_time deadline;	  /* WAIT: call altair_tick no later         */
	enum altair_event event;  /* EVENT                                   */
	int reason;		  /* EVENT: 0 or ALTAIR_E_*                  */
	altair_addr addr;	  /* EVENT: the address it is about          */
	uint32_t number, total;	  /* EVENT: as the machine's header says     */
	altair_time rtt;	  /* EVENT: a round trip, 0 where unknown    */
} altair_output;

/*
 * Hands `count` datagrams over and sets the verdict of each. The bytes are
 * borrowed for the call; a datagram with verdict ALTAIR_PAYLOAD is user data,
 * still in your buffer (altair_turn narrows `bytes` to it). Machines that give
 * payload (altair_agent, altair_punch, altair_turn) want single datagrams
 * (`segment` 0) and refuse merged ones; altair_server takes both.
 * `count` may be 0. Calling it twice without polling between is harmless.
 */
ALTAIR_API void altair_input(altair_machine *machine, altair_time now,
			     altair_datagram *batch, size_t count);

/* Tells the time. Early, late and repeated calls are harmless. */
ALTAIR_API void altair_tick(altair_machine *machine, altair_time now);

/*
 * What to do next. Call until it returns ALTAIR_WAIT; each call fills the
 * fields of *out that belong to the step. The bytes of ALTAIR_SEND stay valid
 * until the next altair_input or altair_tick on this machine, so many sends can
 * be collected and given to the kernel in one call.
 */
ALTAIR_API enum altair_step altair_poll(altair_machine *machine,
					altair_output *out);

/*
 * Cuts a merged burst into single datagrams on the same path. Writes at most
 * `cap` and returns how many the burst holds (1 for a plain datagram).
 */
ALTAIR_API size_t altair_datagram_split(const altair_datagram *burst,
					altair_datagram *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
