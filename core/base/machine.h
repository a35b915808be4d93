/*
 * What makes an object a machine: its first member is a struct altair_machine
 * that points to a constant table of the three verbs.
 */
#ifndef AIR_MACHINE_H
#define AIR_MACHINE_H

#include <altair/machine.h>

struct air_machine_ops {
	void (*input)(altair_machine *, altair_time now, altair_datagram *batch,
		      size_t count);
	void (*tick)(altair_machine *, altair_time now);
	enum altair_step (*poll)(altair_machine *, altair_output *out);
};

struct altair_machine {
	const struct air_machine_ops *ops;
};

#endif
