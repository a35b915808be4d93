/*
 * ctl.h - the options of `altair ctl`.
 */
#ifndef AIR_CTL_H
#define AIR_CTL_H

#include "options.h"

struct ctl {
	const char *control, *users_file, *realm;
	bool json;
};

#endif
