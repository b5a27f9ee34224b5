import ArgumentParser
import RouterCore

/// `routerd version`.
struct ShowVersion: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var output: JSONOption

    func run() {
        guard output.json else { return Output.data("routerd \(Version.text)") }
        Output.json { $0.member("version", Version.text) }
    }
}
