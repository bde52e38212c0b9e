# SPDX-License-Identifier: Apache-2.0
# cmake -DWORK=<scratch folder> -P check_house_test.cmake
# check_floors.cmake and check_columns.cmake accept a small tree, and refuse it with each fault that they look for.
cmake_minimum_required(VERSION 3.23)

# plant(<header> <line>...): writes a header of these lines.
function(plant header)
  list(JOIN ARGN "\n" text)
  file(WRITE ${WORK}/include/${header} "#pragma once\n${text}\n")
endfunction()

# plant_good_tree(): the tree without a fault.
function(plant_good_tree)
  file(REMOVE_RECURSE ${WORK})
  file(WRITE ${WORK}/floors.txt "# a remark
ground: base words/

pair:   left/ |
        right/
top:    roof chimney
")
  plant(base.hpp "#include <vector>" "#include \"words/text.hpp\"")
  plant(words/text.hpp)
  plant(left/one.hpp "#include \"../base.hpp\"" "#include \"two.hpp\"")
  plant(left/two.hpp "#include <tango/words/text.hpp>")
  plant(right/three.hpp "#include \"../base.hpp\"" "# include MACRO")
  plant(roof.hpp "#include \"base.hpp\"" "#include \"left/one.hpp\"" "#include \"right/three.hpp\"")
  plant(chimney.hpp "  #  include \"roof.hpp\"")
endfunction()

# expect(<check> <result> <line>...): the check ends with `result` and prints these lines, among others.
function(expect check result)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -DINCLUDE=${WORK}/include -DFLOORS=${WORK}/floors.txt
      -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_${check}.cmake
    RESULT_VARIABLE ended OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  if(NOT ended EQUAL result)
    message(SEND_ERROR "check_${check}.cmake ends with ${ended}, expected ${result}, and prints:\n${printed}")
  endif()
  foreach(line IN LISTS ARGN)
    string(FIND "${printed}" "${line}\n" at)
    if(at EQUAL -1)
      message(SEND_ERROR "check_${check}.cmake does not print '${line}' but:\n${printed}")
    endif()
  endforeach()
endfunction()

plant_good_tree()
expect(floors 0 "7 headers on 3 floors")

plant(base.hpp "#include \"words/text.hpp\"" "#include \"left/one.hpp\"" "#include \"roof.hpp\"")
expect(floors 1 "base.hpp (ground) includes left/one.hpp (pair)" "base.hpp (ground) includes roof.hpp (top)")

plant_good_tree()
plant(words/text.hpp "#include <tango/right/three.hpp>")
expect(floors 1 "words/text.hpp (ground) includes right/three.hpp (pair)")

plant_good_tree()
plant(left/two.hpp "#include \"../right/three.hpp\"")
expect(floors 1 "left/two.hpp includes right/three.hpp, which is in another part of the floor (pair)" "  1 violations in 7 headers")

plant_good_tree()
plant(roof.hpp "#include \"chimney.hpp\"")
plant(words/other.hpp "#include \"other.hpp\"")
expect(floors 1 "a cycle of includes among chimney.hpp, roof.hpp, words/other.hpp" "  1 violations in 8 headers")

plant_good_tree()
plant(cellar.hpp)
plant(left/inner/deep.hpp)
expect(floors 1 "cellar.hpp is on no floor" "  1 violations in 9 headers")

plant_good_tree()
plant(roof.hpp "#include \"sky.hpp\"")
expect(floors 1 "roof.hpp includes sky.hpp, which is no header of ${WORK}/include")

plant_good_tree()
file(APPEND ${WORK}/floors.txt "attic: roof\ngarden: pond ponds/\n")
expect(floors 1 "roof.hpp is on more than one floor: top, attic" "pond (garden) names no header" "ponds/ (garden) names no header")

plant_good_tree()
file(APPEND ${WORK}/floors.txt "roof\n")
expect(floors 1 "floors.txt: not a floor's name, a colon and its headers: roof")

# Characters, not bytes; brackets, semicolons and backslashes are as good as others.
plant_good_tree()
string(REPEAT "…" 60 dots)
string(REPEAT "];\\[" 15 signs)
plant(roof.hpp "${dots}${dots}")
file(APPEND ${WORK}/include/roof.hpp "${dots}${signs}")
expect(columns 0)
file(APPEND ${WORK}/include/roof.hpp ";")
expect(columns 1 "roof.hpp:3: 121 characters")

file(REMOVE_RECURSE ${WORK}/include)
expect(floors 1)
expect(columns 1 "  no headers in ${WORK}/include")
