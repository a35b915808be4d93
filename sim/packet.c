#include "sim/packet.h"

const char *sim_drop_text(enum sim_drop drop)
{
	static const char *const texts[] = {
#define SIM_DROP_TEXT(name, text) text,
		SIM_DROPS(SIM_DROP_TEXT)
#undef SIM_DROP_TEXT
	};

	return texts[drop];
}

size_t sim_packet_size(const struct sim_packet *packet)
{
	if (packet->dst.family == ALTAIR_IPV6)
		return packet->payload.len + SIM_HEADERS_IPV6;
	return packet->payload.len + SIM_HEADERS_IPV4;
}
