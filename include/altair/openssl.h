/*
 * altair/openssl.h - the crypto table, filled by OpenSSL 3. libaltair-openssl.
 */
#ifndef ALTAIR_OPENSSL_H
#define ALTAIR_OPENSSL_H

#include <altair/crypto.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A constant table, valid for ever, usable from any thread. */
ALTAIR_API const altair_crypto *altair_openssl(void);

#ifdef __cplusplus
}
#endif
#endif
