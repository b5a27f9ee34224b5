import RouterCore

/// Tool calls and their results: each call of a turn has one result in the next, and the ids are such as the vendor
/// takes, no two of them the same.
struct PairedCalls {
    /// The result of a call, and what the call's id is to the vendor.
    struct Result {
        var turn: ChatTurn
        var id: String
        /// Among the calls of the turn.
        var place: Int
    }

    private struct Call {
        var id: String
        var value: JSONValue
        var hasResult = false
    }

    /// The calls of the last assistant turn.
    private var calls: [Call] = []
    /// Their places, by the client's ids.
    private var places: [String: Int] = [:]
    /// Ids of the conversation's calls.
    private var taken: Set<String> = []
    /// The last number behind an id that more than one turn had.
    private var numbers: [String: Int] = [:]

    /// An assistant turn begins: the calls before it must have their results.
    mutating func begin() throws(UpstreamFailure) {
        try checkAnswered()
        calls = []
        places = [:]
    }

    /// Adds a call of the turn.
    ///
    /// - Returns: its id for the vendor: letters, digits, dashes and underscores, the client's own where that is so and
    ///   no earlier turn had it.
    mutating func add(_ id: String, call: JSONValue) throws(UpstreamFailure) -> String {
        guard places[id] == nil else {
            throw .refused(call["id"] ?? call, "is the id of another call in the same message: each needs its own")
        }
        let isGood = id.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
            default: false
            }
        }
        let base = isGood ? id : "toolu_" + CallID.letters(22, from: id)
        var sent = base
        var number = numbers[base] ?? 1
        while !taken.insert(sent).inserted {
            number += 1
            sent = "\(base)_\(number)"
        }
        numbers[base] = number
        places[id] = calls.count
        calls.append(Call(id: sent, value: call))
        return sent
    }

    /// The results of a turn in the order of their calls.
    ///
    /// - Throws: ``UpstreamFailure`` of kind `unsupported` for a result without a call right before it, and for a
    ///   second one.
    mutating func ordered(
        _ turns: [ChatTurn], naming functionCalls: inout FunctionCalls
    ) throws(UpstreamFailure) -> [Result] {
        var results: [Result] = []
        for turn in turns {
            guard let message = turn.message else { continue }
            let name = message["tool_call_id"]
            let id = name?.string ?? functionCalls.id(for: message, at: turn.index)
            guard let place = places[id] else {
                throw .unsupported(
                    name ?? message,
                    "names no call of the assistant message before it: the result of a call stands right behind it")
            }
            guard !calls[place].hasResult else {
                throw .unsupported(name ?? message, "has a result already: each call has one")
            }
            calls[place].hasResult = true
            results.append(Result(turn: turn, id: calls[place].id, place: place))
        }
        return results.sorted { $0.place < $1.place }
    }

    /// - Throws: ``UpstreamFailure`` of kind `unsupported` that names the first call of the last turn without a result.
    func checkAnswered() throws(UpstreamFailure) {
        guard let call = calls.first(where: { !$0.hasResult })?.value else { return }
        throw .unsupported(
            call, "has no result: a message with role tool and its id in `tool_call_id` must stand right behind it")
    }
}
