/*
 * terminal.h - the terminal on stdin, byte by byte instead of line by line, and
 * back again.
 */
#ifndef AIR_TERMINAL_H
#define AIR_TERMINAL_H

/* Each key comes at once and is not shown; only Ctrl+C is still a signal. */
void air_terminal_take(void);

/* As it was before. Harmless when it was not taken. */
void air_terminal_give_back(void);

#endif
