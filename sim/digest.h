/*
 * Stand-ins for the hashes of altair/crypto.h: quick, the same everywhere, and
 * with no cryptographic strength at all. Nobody in the simulated world computes
 * one that is not his; what matters there is that other bytes or another key
 * give another digest. They need no library, and cost a tenth.
 */
#ifndef SIM_DIGEST_H
#define SIM_DIGEST_H

#include "sim/rng.h"

/* A full table whose `random` is this generator. */
altair_crypto sim_digest_crypto(struct sim_rng *rng);

/* 64 bits of the same, for tables of our own. */
uint64_t sim_digest(uint64_t start, const void *data, size_t len);

#endif
