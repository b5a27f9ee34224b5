import Glibc
import TestSupport

// Every simulated vendor on one port of 127.0.0.1, for tests that are not written in Swift. Prints where, and ends when its
// standard input does:
//
//     $ vendor-simulator [PORT]
//     simulator listening on http://127.0.0.1:41234
let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
do {
    let simulator = try VendorSimulator(port: port)
    print("simulator listening on http://127.0.0.1:\(simulator.port)")
    fflush(nil)
    while readLine() != nil {}
    simulator.stop()
} catch {
    print("vendor-simulator: \(error)")
    exit(1)
}
