/*
 * AIR_ASSERT is for our bugs and the caller's, never for what the network sent.
 * It is on in every build; it stops the program by a trap, so that the core
 * needs no symbol for it.
 */
#ifndef AIR_ASSERT_H
#define AIR_ASSERT_H

#define AIR_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
