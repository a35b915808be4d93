/*
 * altair/altair.h - everything that needs nothing but libc. altair/uv.h,
 * altair/json.h and altair/openssl.h belong to libraries of their own.
 */
#ifndef ALTAIR_ALTAIR_H
#define ALTAIR_ALTAIR_H

#include <altair/agent.h>
#include <altair/base.h>
#include <altair/code.h>
#include <altair/conn.h>
#include <altair/crypto.h>
#include <altair/discover.h>
#include <altair/dtls.h>
#include <altair/error.h>
#include <altair/machine.h>
#include <altair/meet.h>
#include <altair/pake.h>
#include <altair/note.h>
#include <altair/probe.h>
#include <altair/punch.h>
#include <altair/rendezvous.h>
#include <altair/roster.h>
#include <altair/secure.h>
#include <altair/serve.h>
#include <altair/server.h>
#include <altair/tls.h>
#include <altair/turn.h>
#include <altair/udp.h>
#include <altair/verdict.h>
#include <altair/visit.h>

#endif
