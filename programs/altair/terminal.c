/*
 * A shell that gets its terminal back in another mode is unusable, so: Ctrl+Z and
 * Ctrl+\ are keys like others meanwhile, the other signals end the run in its
 * order (run.h), and exit(3) gives it back, too.
 */
#define _GNU_SOURCE
#include "terminal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool is_taken;

void air_terminal_give_back(void)
{
	if (is_taken)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	is_taken = false;
}

void air_terminal_take(void)
{
	static bool is_registered;
	struct termios keys;

	if (is_taken || tcgetattr(STDIN_FILENO, &before) < 0)
		return;
	if (!is_registered && atexit(air_terminal_give_back) == 0)
		is_registered = true;
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	keys.c_cc[VSUSP] = keys.c_cc[VQUIT] = _POSIX_VDISABLE;
	is_taken = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
}
