/* The three verbs, passed on to whatever machine it is; and the one operation
 * on bursts that drivers need. */
#include "base/machine.h"

void altair_input(altair_machine *machine, altair_time now,
		  altair_datagram *batch, size_t count)
{
	machine->ops->input(machine, now, batch, count);
}

void altair_tick(altair_machine *machine, altair_time now)
{
	machine->ops->tick(machine, now);
}

enum altair_step altair_poll(altair_machine *machine, altair_output *out)
{
	return machine->ops->poll(machine, out);
}

size_t altair_datagram_split(const altair_datagram *burst, altair_datagram *out,
			     size_t cap)
{
	size_t segment = burst->segment, len = burst->bytes.len;
	size_t count = segment && len ? (len + segment - 1) / segment : 1;

	for (size_t i = 0; i < count && i < cap; i++) {
		out[i] = *burst;
		out[i].segment = 0;
		if (count == 1)
			break;
		out[i].bytes.data += i * segment;
		out[i].bytes.len = i + 1 < count ? segment : len - i * segment;
	}
	return count;
}
