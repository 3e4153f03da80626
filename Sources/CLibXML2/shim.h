#ifndef SWIRL_CLIBXML2_SHIM_H
#define SWIRL_CLIBXML2_SHIM_H

// First, as for libevent: the types of these headers belong to the module of the C library.
#include <stdio.h>
#include <sys/types.h>

// The system's ICU declares what Foundation's declares otherwise, and a program imports both; no type that has ICU's in it is used.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>

#endif
