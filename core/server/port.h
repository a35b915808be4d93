/*
 * The relayed transport addresses of one family: which ports are free, whose
 * the others are, and what the driver must be told to open and to close.
 */
#ifndef AIR_SERVER_PORT_H
#define AIR_SERVER_PORT_H

#include "base/arena.h"

#include <altair/crypto.h>

#include <stdatomic.h>

#define AIR_PORT_NOBODY UINT32_MAX

enum air_port_state {
	PORT_FREE,
	PORT_WANTED,	/* the driver is to be told to open it     */
	PORT_CANCELLED, /* it was wanted, but is no longer         */
	PORT_ASKED,	/* the driver was told, and has not said   */
	PORT_OPEN,
	PORT_CLOSING, /* the driver is to be told to close it    */
	PORT_RESERVED /* for a token (RFC 8656 7.2), not open    */
};

struct air_port {
	uint32_t owner; /* the allocation's number                 */
	uint32_t next;	/* in the queue that it is in              */
	uint16_t place; /* in `free`                               */
	uint8_t state;
};

/* A queue of ports by their index. */
struct air_port_queue {
	uint32_t first, last; /* + 1; 0: empty */
};

enum air_port_parity { PORT_ANY, PORT_EVEN, PORT_EVEN_PAIR };

struct air_ports {
	altair_addr bind; /* port 0 */
	altair_addr told; /* what clients and peers know; port 0 */
	uint16_t first;	  /* port number of index 0 */
	uint32_t count, free_count;
	struct air_port *all;
	uint16_t *free; /* indices, in no order */
	struct air_port_queue opens, closes;
	/* With the ports of our other machines: which ones are open anywhere, by
	 * port - range_first; NULL when there is no other machine. */
	uint16_t range_first, range_last;
	atomic_bool *open;
};

/* `count` ports from `first` up; 0 where the family is not served. */
void air_port_init(struct air_ports *ports, struct air_arena *arena,
		   uint16_t first, uint32_t count);
/* Takes an unpredictable free port for its owner, to be opened; of a pair also
 * the one above, as reserved. The port, 0 (there is none), or ALTAIR_E_RANDOM. */
int air_port_take(struct air_ports *ports, const altair_crypto *crypto,
		  uint32_t owner, enum air_port_parity parity);
/* Takes a reserved port for its owner, to be opened. */
void air_port_claim(struct air_ports *ports, uint16_t port, uint32_t owner);
/* Gives a port back, closed by the driver where it was opened. */
void air_port_release(struct air_ports *ports, uint16_t port);
/* What the driver says of a port it was told to open. */
void air_port_opened(struct air_ports *ports, uint16_t port, bool is_open);
/* The next port to be opened, or closed; 0 when there is none. */
uint16_t air_port_next_open(struct air_ports *ports);
uint16_t air_port_next_close(struct air_ports *ports);
/* Says of which range they are a part, and where all machines note what is open. */
void air_port_share(struct air_ports *ports, uint16_t first, uint16_t last,
		    atomic_bool *open);
/* True for a port of another machine of ours. */
bool air_port_is_elsewhere(const struct air_ports *ports, uint16_t port);
/* True when that one has it open. */
bool air_port_is_open_elsewhere(const struct air_ports *ports, uint16_t port);
/* The state of any port number; PORT_FREE for one that is not ours. */
enum air_port_state air_port_state(const struct air_ports *ports,
				   uint16_t port);
/* Whose an open port is, or AIR_PORT_NOBODY. */
uint32_t air_port_owner(const struct air_ports *ports, uint16_t port);

#endif
