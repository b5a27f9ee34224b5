import RouterCore
import Synchronization

/// Black Forest Labs' tasks: submitted, pending for the first time that one asks, ready from then on.
///
/// Source: BFL API reference, "flux-pro-1.1" and "get_result".
final class SimulatedFlux: Sendable {
    private let asked = Mutex<[String: Int]>([:])
    private let count = Atomic(0)
    private static let taken: Set<String> = [
        "prompt", "width", "height", "prompt_upsampling", "seed", "safety_tolerance", "output_format", "image_prompt",
    ]

    /// - Parameter path: behind `/bfl`.
    func answer(to request: LoopbackServer.Request, at path: String) -> [Step] {
        let base = "http://\(request["host"] ?? "")/bfl"
        if path == "/sample.png" {
            // Whoever shows a key there gives it away.
            guard request["x-key"] == nil, let letters = Base64.checked(Array(SimulatedImages.pixel.utf8)[...]) else {
                return [.answer(400, body: "a key")]
            }
            let bytes = Base64.decoded(letters)
            return [.head(200, ["content-type": "image/png", "content-length": "\(bytes.count)"]), .send(bytes)]
        }
        guard request["x-key"] == "sk-simulated" else { return [Self.json(403, #"{"detail":"Not authenticated"}"#)] }
        if request.method == "POST", path == "/v1/flux-pro-1.1" { return [submit(request.body, base)] }
        let query = "/v1/get_result?id="
        guard request.method == "GET", path.hasPrefix(query) else {
            return [Self.json(404, #"{"detail":"Not Found"}"#)]
        }
        let id = String(path.dropFirst(query.count))
        let times = asked.withLock { asked in
            asked[id, default: 0] += 1
            return asked[id] ?? 0
        }
        guard times > 1 else { return [Self.json(200, #"{"id":"\#(id)","status":"Pending","result":null}"#)] }
        return [
            Self.json(
                200,
                id.hasPrefix("moderated")
                    ? #"{"id":"\#(id)","status":"Request Moderated","result":null}"#
                    : #"{"id":"\#(id)","status":"Ready","result":{"sample":"\#(base)/sample.png","seed":1}}"#)
        ]
    }

    private func submit(_ body: [UInt8], _ base: String) -> Step {
        guard let root = (try? JSONDocument(body))?.root, let prompt = root["prompt"]?.string,
            let width = root["width"]?.integer, let height = root["height"]?.integer,
            [width, height].allSatisfy({ (256...1440).contains($0) && $0 % 32 == 0 }),
            root.members.allSatisfy({ Self.taken.contains($0.name.string) })
        else { return Self.json(422, #"{"detail":[{"type":"value","loc":["body"],"msg":"Input is not valid"}]}"#) }
        let number = count.add(1, ordering: .relaxed).newValue
        let id = (prompt.contains("moderated") ? "moderated-" : "task-") + "\(number)"
        return Self.json(200, #"{"id":"\#(id)","polling_url":"\#(base)/v1/get_result?id=\#(id)","cost":4.0}"#)
    }

    private static func json(_ status: Int, _ body: String) -> Step {
        .answer(status, headers: ["content-type": "application/json"], body: body)
    }
}
