// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CRYPTO_KEY_HEAP_H_
#define CMIF_CRYPTO_KEY_HEAP_H_

namespace cmif::crypto {

// Gives OpenSSL a heap of its own for the private keys that it reads or makes
// from now on: pages with guard pages, locked, left out of dumps
// (CRYPTO_secure_malloc_init(3)). For a whole process, before any other use of
// OpenSSL; a second call changes nothing. False: there is none, or its pages
// may be swapped.
bool StartKeyHeap();

}  // namespace cmif::crypto

#endif  // CMIF_CRYPTO_KEY_HEAP_H_
