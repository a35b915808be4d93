/*
 * altair/error.h - every error the library returns, in one table: the code, its
 * name, and a sentence. The manual's table is made from it.
 */
#ifndef ALTAIR_ERROR_H
#define ALTAIR_ERROR_H

#include <altair/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ALTAIR_ERRORS(X)                                                       \
	X(INVALID, -1, "an argument is outside what the function allows")      \
	X(SYNTAX, -2, "this is not an IP address and port")                    \
	X(NO_PORT, -3, "the port is missing")                                  \
	X(PORT, -4, "the port is not between 1 and 65535")                     \
	X(ADDRESS, -5, "no datagram can be exchanged with this address")       \
	X(FAMILY, -6, "the address family does not fit the socket")            \
	X(SPACE, -7, "the buffer is too small")                                \
	X(FULL, -8, "the table is full")                                       \
	X(STATE, -9, "this is not possible in the present state")              \
	X(TOO_LONG, -10, "the message is longer than 1200 bytes")              \
	X(WORD, -11, "the message equals a word of the protocol")              \
	X(RANDOM, -12, "the random source failed")                             \
	X(TIMEOUT, -13, "nothing arrived in time")                             \
	X(ONE_WAY, -14, "the peer was heard but never answered us")            \
	X(NO_PEER, -15, "nothing listens at the peer's address")               \
	X(NO_ANSWER, -16, "no STUN server answered")                           \
	X(SERVER, -17, "the server answered with an error")                    \
	X(IN_USE, -18, "the local port is taken")                              \
	X(PERMISSION, -19, "the system does not permit it")                    \
	X(NETWORK, -20, "the network cannot be reached")                       \
	X(AGAIN, -21, "nothing to do now, try again later")                    \
	X(SYSTEM, -22, "the operating system reported an error")               \
	X(RESOLVE, -23, "the name has no address")                             \
	X(INTERRUPTED, -24, "a signal interrupted the call")                   \
	X(MEMORY, -25, "no memory is left")                                    \
	X(CREDENTIALS, -26, "the server does not accept the credentials")      \
	X(INTEGRITY, -27, "no answer of the server could be authenticated")    \
	X(FORBIDDEN, -28, "the server does not permit it")                     \
	X(UNSUPPORTED, -29, "the server does not support what we need")        \
	X(MISMATCH, -30, "the server knows our address otherwise")             \
	X(RELAY_FAMILY, -31, "the relay has no address of this family")        \
	X(QUOTA, -32, "the user has too many relayed addresses")               \
	X(CAPACITY, -33, "the server has no more relayed addresses")           \
	X(REDIRECT, -34, "the servers send us from one to the other")          \
	X(TLS, -35, "the server could not prove who it is, or TLS failed")     \
	X(SECRET, -36, "the secrets differ, or somebody is in between")        \
	X(TAMPERED, -37, "somebody in between changes or repeats messages")    \
	X(CODE, -38, "this is no code: a number and two words, 7-word-word")   \
	X(NO_WORD, -39, "a word of the code is not in the list")               \
	X(IDENTITY, -40, "the peer has another key than the expected one")     \
	X(CLOSED, -41, "the peer has ended the session")

enum altair_error {
	ALTAIR_OK = 0,
#define ALTAIR_ERROR_ENUM(name, code, text) ALTAIR_E_##name = (code),
	ALTAIR_ERRORS(ALTAIR_ERROR_ENUM)
#undef ALTAIR_ERROR_ENUM
	/* Keeps the list open; never returned. */
	ALTAIR_ERROR_LAST_ = -42
};

/* "ALTAIR_E_TIMEOUT" for -13; "ALTAIR_E_?" for a code that is none of ours. */
ALTAIR_API const char *altair_errname(int code);

/* The sentence of the table, without full stop; never NULL. */
ALTAIR_API const char *altair_strerror(int code);

#ifdef __cplusplus
}
#endif
#endif
