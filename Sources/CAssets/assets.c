#include "CAssets.h"

// #embed is C23; clang takes it in earlier modes too and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char catalog[] = {
#embed "catalog.json"
};

CAsset CAssetCatalog(void) { return (CAsset){catalog, sizeof catalog}; }
