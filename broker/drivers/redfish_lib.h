/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libcurl and OpenSSL, loaded by whoever opens a BMC by Redfish. A hand is started for every deed,
 * most have no use for them, and with the thirty libraries that they bring they would be more than
 * half of what a hand's start costs. */
#pragma once
#define CURL_DISABLE_TYPECHECK /* its macros would call by the names that stand below */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/err.h"

/* All that is called of them. */
#define REDFISH_CALLS(of)                                                                          \
	of(curl_global_init) of(curl_easy_init) of(curl_easy_setopt) of(curl_easy_perform) of(     \
		curl_easy_getinfo) of(curl_easy_cleanup) of(curl_easy_strerror)                    \
		of(curl_slist_append) of(curl_slist_free_all) of(curl_multi_init) of(              \
			curl_multi_setopt) of(curl_multi_add_handle) of(curl_multi_remove_handle)  \
			of(curl_multi_info_read) of(curl_multi_socket_action)                      \
				of(curl_multi_cleanup) of(EVP_sha256) of(X509_digest)              \
					of(X509_STORE_CTX_get0_cert) of(X509_STORE_CTX_set_error)  \
						of(SSL_CTX_set_verify)                             \
							of(SSL_CTX_set_cert_verify_callback)

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#define REDFISH_CALL(name) __typeof__(&name) name;
struct redfish_lib {
	REDFISH_CALLS(REDFISH_CALL)
};
extern struct redfish_lib https;

/* Stays for as long as the process does. -ENOSYS with a sentence. */
int redfish_lib_load(struct err *e);
