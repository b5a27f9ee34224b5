/// What the journal of a server that ended says: requests that had ended, and requests that had not.
struct Recovery: Sendable {
    private(set) var settlements: [Settlement] = []

    /// - Parameter records: of all segments, in order.
    /// - Throws: ``StoreError`` of kind `incompatible` for a record that is whole and makes no sense.
    init(_ records: [[UInt8]]) throws(StoreError) {
        var open: [Generation.ID: Generation] = [:]
        var order: [Generation.ID] = []
        for record in records {
            let document: JSONDocument
            do throws(JSONFault) {
                document = try JSONDocument(record, limits: .response)
            } catch {
                throw StoreError(.incompatible, "The journal has a record that cannot be read: \(error.message)")
            }
            let generation = try Generation(json: document.root)
            if Generation.isOpen(document.root) {
                if open.updateValue(generation, forKey: generation.id) == nil { order.append(generation.id) }
            } else {
                open[generation.id] = nil
                settlements.append(Settlement(generation: generation, record: record, lease: nil))
            }
        }
        let ended = Set(settlements.map(\.generation.id))
        for id in order where !ended.contains(id) {
            guard let generation = open[id] else { continue }
            settlements.append(Settlement(generation: generation, record: generation.json, lease: nil))
        }
    }

    /// In pieces that the store takes at once.
    func batches(of node: NodeID) -> [SettlementBatch] {
        stride(from: 0, to: settlements.count, by: NodeLedger.batchMax).map { start in
            SettlementBatch(
                node: node, epoch: 0, sequence: 0,
                settlements: Array(settlements[start..<min(start + NodeLedger.batchMax, settlements.count)]))
        }
    }
}
