/*
 * Certificates. One that is made here has a new P-256 key, which stays in memory,
 * and no name: who wants to be sure of it compares its SHA-256, not its chain.
 */
#include "identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

/* It ends with the process; a client may yet look at its dates. */
#define YESTERDAY (-24L * 60 * 60)
#define DAYS_VALID 3650

#define NAME "altair"
#define SERIAL_BITS 127 /* RFC 5280 4.1.2.2: at most 20 octets, positive */

static const char *say(const char *problem)
{
	ERR_clear_error();
	return problem;
}

const char *air_identity_load(SSL_CTX *context, const char *cert_file,
			      const char *key_file)
{
	if (SSL_CTX_use_certificate_chain_file(context, cert_file) != 1)
		return say("holds no certificate in PEM that can be used");
	if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) !=
	    1) {
		/* It says so of a key that is good, but another's, too. */
		bool is_others = ERR_GET_REASON(ERR_peek_last_error()) ==
				 X509_R_KEY_VALUES_MISMATCH;

		return say(is_others ? "does not belong to the key"
				     : "has a key file without a private key "
				       "in PEM that can be used");
	}
	return NULL;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *serial = BN_new();
	bool is_done =
		serial &&
		BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE,
			BN_RAND_BOTTOM_ANY) == 1 &&
		BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;

	BN_free(serial);
	return is_done;
}

/* RFC 5280 4.1.2: version 3, issued by itself. */
static bool fill(X509 *cert, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	       set_serial(cert) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), YESTERDAY) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), DAYS_VALID, 0,
				NULL) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)NAME, -1, -1,
					  0) == 1 &&
	       X509_set_issuer_name(cert, name) == 1 &&
	       X509_set_pubkey(cert, key) == 1 &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

bool air_identity_use(SSL_CTX *context, EVP_PKEY *key)
{
	X509 *cert = X509_new();
	bool is_done = cert && fill(cert, key) &&
		       SSL_CTX_use_certificate(context, cert) == 1 &&
		       SSL_CTX_use_PrivateKey(context, key) == 1;

	X509_free(cert);
	return is_done;
}

const char *air_identity_make(SSL_CTX *context)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	bool is_done = key && air_identity_use(context, key);

	EVP_PKEY_free(key);
	return is_done ? NULL : say("could not be made");
}

bool air_identity_hash(SSL_CTX *context, uint8_t out[32])
{
	const X509 *cert = SSL_CTX_get0_certificate(context);

	return cert && X509_digest(cert, EVP_sha256(), out, NULL) == 1;
}
