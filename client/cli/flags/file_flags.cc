#include "client/cli/flags/file_flags.h"

namespace trine::cli {

void AddRecursiveFlag(Command command, Outputs* outputs) {
  command->add_flag("-r,--recursive", outputs->recursive,
                    "Take folders too: the files in them and below, not symbolic links");
}

void AddOutputFlags(Command command, Outputs* outputs, bool* force, const std::string& output_text,
                    const std::string& out_dir_text) {
  command->add_option("-o,--output", outputs->output, output_text)->type_name("OUT");
  command->add_option("--out-dir", outputs->out_dir, out_dir_text)->type_name("DIR");
  AddRecursiveFlag(command, outputs);
  const Flag remove = command->add_flag("--rm", outputs->remove,
                                        "Remove each input once its output is on the disk");
  command
      ->add_flag_callback(
          "-k,--keep", [] {}, "Keep the inputs. Default")
      ->excludes(remove);
  command->add_flag("-f,--force", *force, "Overwrite; write to a terminal. Default: never");
}

}  // namespace trine::cli
