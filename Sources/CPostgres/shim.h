#pragma once
#include <libpq-fe.h>

/// `PG_DIAG_SQLSTATE` and `PG_DIAG_MESSAGE_PRIMARY` are macros of a character each.
static inline const char *cpostgres_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}
static inline const char *cpostgres_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

/// Notices would go to standard error: nobody reads them there.
static inline void cpostgres_ignore(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}
static inline void cpostgres_ignore_notices(PGconn *connection) {
    PQsetNoticeReceiver(connection, cpostgres_ignore, 0);
}
