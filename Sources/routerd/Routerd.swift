import ArgumentParser
import Hummingbird
import Yams

@main
struct Routerd: ParsableCommand {
}
