// The texts of the mock upstream: a chat completion, the records of a streamed one, a list of models.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { RECORD_BYTES_MAX = 512, IMAGE_BYTES = 1 << 20, SPEECH_CHUNK_BYTES = 2400 };

#define ANSWER_HEAD(type) "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\n"

#define MODELS "{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\",\"created\":1760000000,\"owned_by\":\"bench\"}]}"

#define STREAM_HEAD ANSWER_HEAD("text/event-stream; charset=utf-8") "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"

#define SPEECH_HEAD ANSWER_HEAD("audio/pcm") "Transfer-Encoding: chunked\r\n\r\n"

#define IMAGE_START "{\"created\":1760000000,\"data\":[{\"b64_json\":\"iVBORw0KGgoAAAANSUhEUgAA"
#define IMAGE_END "\"}],\"usage\":{\"input_tokens\":15,\"output_tokens\":272,\"total_tokens\":287}}"

#define TRANSCRIPT "{\"text\":\"And so, my fellow engineers, ask not what your router can do for you.\"}"

#define COMPLETION_START "{\"id\":\"chatcmpl-bench0123456789abcdefghij\",\"object\":\"chat.completion\",\"created\":1760000000," \
    "\"model\":\"bench\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""

#define COMPLETION_END "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}]," \
    "\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":220,\"total_tokens\":420," \
    "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}," \
    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}," \
    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}"

#define RECORD_START "data: {\"id\":\"chatcmpl-bench0123456789abcdefghij\",\"object\":\"chat.completion.chunk\"," \
    "\"created\":1760000000,\"model\":\"bench\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":["

#define RECORD_USAGE "],\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":62,\"total_tokens\":262}}\n\n"

// A whole answer of about 1.5 KB, head included, into `out`; returns its length.
static inline size_t write_completion(char *out, size_t room) {
    static const char sentence[] = "The answer of a model is a few sentences of plain text with a \\\"quotation\\\" and a line break.\\n";
    char body[2048] = COMPLETION_START;
    while (strlen(body) + strlen(sentence) + strlen(COMPLETION_END) < 1500) strcat(body, sentence);
    strcat(body, COMPLETION_END);
    return (size_t)snprintf(out, room, ANSWER_HEAD("application/json") "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}

// The JSON of a picture in Base64, exactly `length` bytes; what is behind the signature of the PNG is noise.
static inline void write_image(char *out, size_t length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t start = strlen(IMAGE_START), end = strlen(IMAGE_END);
    size_t spaces = (length - start - end) % 4; // behind the JSON: Base64 has letters in fours
    uint64_t state = 0x9e3779b97f4a7c15u;
    memcpy(out, IMAGE_START, start);
    for (size_t i = start; i < length - end - spaces; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        out[i] = letters[state >> 58];
    }
    memcpy(out + length - end - spaces, IMAGE_END, end);
    memset(out + length - spaces, ' ', spaces);
}

// What one record of a stream says.
enum record { RECORD_ROLE, RECORD_CONTENT, RECORD_FINISH, RECORD_TOTALS };

// The SSE record `kind`, about 300 bytes as OpenAI sends it, into `out`; returns its length.
//
// A content record carries `sent`, in nanoseconds, as "@" and 16 hexadecimal digits, so that its reader knows how
// long it was on the way. `null_usage` adds the member that OpenAI sends in every record when usage was asked for.
static inline size_t write_record(char *out, enum record kind, int64_t sent, int null_usage) {
    const char *usage = null_usage ? ",\"usage\":null" : "";
    switch (kind) {
    case RECORD_ROLE:
        return (size_t)sprintf(out, RECORD_START "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},"
            "\"logprobs\":null,\"finish_reason\":null}]%s}\n\n", usage);
    case RECORD_CONTENT:
        return (size_t)sprintf(out, RECORD_START "{\"index\":0,\"delta\":{\"content\":\" word @%016llx\"},"
            "\"logprobs\":null,\"finish_reason\":null}]%s,\"obfuscation\":\"p3Yw9K\"}\n\n", (unsigned long long)sent, usage);
    case RECORD_FINISH:
        return (size_t)sprintf(out, RECORD_START "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]%s}\n\n", usage);
    case RECORD_TOTALS:
        return (size_t)sprintf(out, RECORD_START RECORD_USAGE);
    }
    return 0;
}
