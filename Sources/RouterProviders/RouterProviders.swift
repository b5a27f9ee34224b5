// RouterProviders
