// The form in which counts stand in a record; see ``Generation/json``.

extension Usage {
    /// Writes what is not zero: `{"prompt":25,"completion":150}`.
    func writeRecord(to writer: inout JSONWriter) {
        writer.beginObject()
        if prompt != 0 { writer.member("prompt", prompt) }
        if cacheRead != 0 { writer.member("cache_read", cacheRead) }
        if cacheWrite != 0 { writer.member("cache_write", cacheWrite) }
        if cacheWriteHour != 0 { writer.member("cache_write_1h", cacheWriteHour) }
        if promptAudio != 0 { writer.member("prompt_audio", promptAudio) }
        if cacheReadAudio != 0 { writer.member("cache_read_audio", cacheReadAudio) }
        if promptImage != 0 { writer.member("prompt_image", promptImage) }
        if completion != 0 { writer.member("completion", completion) }
        if reasoning != 0 { writer.member("reasoning", reasoning) }
        if completionAudio != 0 { writer.member("completion_audio", completionAudio) }
        if completionImage != 0 { writer.member("completion_image", completionImage) }
        if acceptedPrediction != 0 { writer.member("accepted_prediction", acceptedPrediction) }
        if rejectedPrediction != 0 { writer.member("rejected_prediction", rejectedPrediction) }
        if imagesIn != 0 { writer.member("images_in", imagesIn) }
        if images != 0 { writer.member("images", images) }
        if audioMilliseconds != 0 { writer.member("audio_ms", audioMilliseconds) }
        if audioOutputMilliseconds != 0 { writer.member("audio_output_ms", audioOutputMilliseconds) }
        if characters != 0 { writer.member("characters", characters) }
        if webSearches != 0 { writer.member("web_searches", webSearches) }
        if let imageSize { writer.member("image_size", imageSize) }
        if let imageQuality { writer.member("image_quality", imageQuality) }
        if let serviceTier { writer.member("service_tier", serviceTier) }
        writer.endObject()
    }

    /// Reads what ``writeRecord(to:)`` wrote.
    init(record: JSONValue?) {
        self.init()
        guard let record else { return }
        for member in record.members {
            let count = member.value.integer ?? 0
            switch member.name {
            case "prompt": prompt = count
            case "cache_read": cacheRead = count
            case "cache_write": cacheWrite = count
            case "cache_write_1h": cacheWriteHour = count
            case "prompt_audio": promptAudio = count
            case "cache_read_audio": cacheReadAudio = count
            case "prompt_image": promptImage = count
            case "completion": completion = count
            case "reasoning": reasoning = count
            case "completion_audio": completionAudio = count
            case "completion_image": completionImage = count
            case "accepted_prediction": acceptedPrediction = count
            case "rejected_prediction": rejectedPrediction = count
            case "images_in": imagesIn = count
            case "images": images = count
            case "audio_ms": audioMilliseconds = count
            case "audio_output_ms": audioOutputMilliseconds = count
            case "characters": characters = count
            case "web_searches": webSearches = count
            case "image_size": imageSize = member.value.string
            case "image_quality": imageQuality = member.value.string
            case "service_tier": serviceTier = member.value.string
            default: break
            }
        }
    }
}
