#ifndef SWIRL_COPENSSL_SHIM_H
#define SWIRL_COPENSSL_SHIM_H

// First, as for libevent: the types of these headers belong to the module of the C library.
#include <sys/types.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// What OpenSSL offers as macros, which Swift does not see.

static inline void swirl_set_server_name(SSL *ssl, const char *name) { SSL_set_tlsext_host_name(ssl, name); }
static inline int swirl_set_protocol_range(SSL_CTX *context, int minimum, int maximum) {
  return SSL_CTX_set_min_proto_version(context, minimum) && SSL_CTX_set_max_proto_version(context, maximum);
}
static inline void swirl_set_modes(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}
static inline void swirl_allow_renegotiation(SSL_CTX *context) { SSL_CTX_clear_options(context, SSL_OP_NO_RENEGOTIATION); }
// A trusted certificate is an anchor, whoever signed it (RFC 5280 section 6.1.1 d).
static inline void swirl_trust_any_anchor(SSL_CTX *context) {
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
}
static inline SSL *swirl_session_of(X509_STORE_CTX *verification) {
  return X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
}
static inline void swirl_keep_client_sessions(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
}
static inline int swirl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return SSL_CTX_add0_chain_cert(context, certificate);
}
static inline void swirl_set_status_callback(SSL_CTX *context, int (*callback)(SSL *, void *)) {
  SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
  SSL_CTX_set_tlsext_status_cb(context, callback);
}
static inline long swirl_stapled_response(SSL *ssl, const unsigned char **response) {
  return SSL_get_tlsext_status_ocsp_resp(ssl, response);
}
static inline void swirl_staple(SSL *ssl, void *response, long length) {
  SSL_set_tlsext_status_ocsp_resp(ssl, response, length);
}
static inline void swirl_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
}
// The key: 16 bytes of name, 32 that authenticate, 32 that encrypt.
static inline int swirl_set_ticket_key(EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *code, const unsigned char *key,
                                       const unsigned char *vector, int seals) {
  OSSL_PARAM parameters[3];
  parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(key + 16), 32);
  parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
  parameters[2] = OSSL_PARAM_construct_end();
  return EVP_MAC_CTX_set_params(code, parameters) == 1 &&
         EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key + 48, vector, seals) == 1;
}
static inline void swirl_set_owner(SSL *ssl, void *owner) { SSL_set_app_data(ssl, owner); }
static inline void *swirl_owner(const SSL *ssl) { return SSL_get_app_data(ssl); }
static inline int swirl_set_address_to_verify(SSL *ssl, const char *address) {
  return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address);
}
static inline int swirl_has_written(SSL *ssl) { return BIO_number_written(SSL_get_wbio(ssl)) > 0; }
static inline int swirl_print_name(BIO *output, const X509_NAME *name) {
  return X509_NAME_print_ex(output, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}
static inline int swirl_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline const GENERAL_NAME *swirl_name_at(const GENERAL_NAMES *names, int index) {
  return sk_GENERAL_NAME_value(names, index);
}
static inline void swirl_put_error(unsigned long code) {
  ERR_new();
  ERR_set_error(ERR_GET_LIB(code), ERR_GET_REASON(code), NULL);
}

#endif
