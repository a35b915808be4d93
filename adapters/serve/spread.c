/*
 * A stream stays with its thread, and so does what its client has there: a port
 * that it reserved, a ticket. Its next connection shall find them. The kernel is
 * told so by a program of its own kind (SO_ATTACH_REUSEPORT_CBPF), which gives the
 * number of a listener.
 */
#define _GNU_SOURCE
#include "spread.h"

#include <altair/base.h>
#include <altair/error.h>

#include <linux/filter.h>
#include <sys/socket.h>

#define IPV4_SOURCE 12		 /* RFC 791 3.1 */
#define IPV6_SOURCE 8		 /* RFC 8200 3 */
#define GOLDEN_RATIO 2654435761u /* neighbours go different ways */

static struct sock_filter load(unsigned at)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    (uint32_t)(SKF_NET_OFF + (int)at));
}

int air_spread_by_source(int fd, uint8_t family, unsigned count)
{
	unsigned at = family == ALTAIR_IPV6 ? IPV6_SOURCE : IPV4_SOURCE;
	struct sock_filter code[] = {
		load(at),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		load(family == ALTAIR_IPV6 ? at + 4 : at),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, GOLDEN_RATIO),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof program) == 0
		       ? 0
		       : ALTAIR_E_SYSTEM;
}
