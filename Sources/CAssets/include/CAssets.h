#ifndef CASSETS_H
#define CASSETS_H

#include <stddef.h>

/// The bytes of a file that was compiled in. They live as long as the process, never change, and do not end with NUL.
typedef struct {
    const unsigned char *bytes;
    size_t count;
} CAsset;

/// `catalog.json`: the models, prices and endpoints that routerd brings along.
CAsset CAssetCatalog(void);

#endif
