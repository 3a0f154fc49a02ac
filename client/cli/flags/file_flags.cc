#include "client/cli/flags/file_flags.h"

namespace trine::cli {

void AddRecursiveFlag(Command command, Outputs* outputs) {
  command->add_flag("-r,--recursive", outputs->recursive,
                    "Take folders too: the files in them and below, not symbolic links");
}

void AddRemoveFlags(Command command, Outputs* outputs) {
  const Flag remove = command->add_flag("--rm", outputs->remove,
                                        "Remove each input once its output is on the disk");
  command
      ->add_flag_callback(
          "-k,--keep", [] {}, "Keep the inputs. Default")
      ->excludes(remove);
}

}  // namespace trine::cli
