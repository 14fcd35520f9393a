# SPDX-License-Identifier: BSD-2-Clause
#
# cmake -DNPM= -DVIZ= -DPAGE= -P build.cmake: builds the sources in the folder VIZ into the file PAGE if a source has
# changed (PAGE.made-of holds the hashes). It never fails: without the page it writes an empty file, and the program
# tells the user what is missing.
cmake_minimum_required(VERSION 3.25)

function(without why)
  message(NOTICE "rcuscope is built without its page (-o FILE.html): ${why}")
  if(NOT EXISTS ${PAGE})
    file(WRITE ${PAGE} "")
  else()
    file(SIZE ${PAGE} size)
    if(size)
      file(WRITE ${PAGE} "")
    endif()
  endif()
  file(REMOVE ${PAGE}.made-of)
endfunction()

if(NOT NPM)
  without("there is no npm (Debian: nodejs npm)")
  return()
endif()

file(GLOB_RECURSE files ${VIZ}/src/*)
set(made_of "")
foreach(file ${files} ${VIZ}/index.html ${VIZ}/vite.config.ts ${VIZ}/package-lock.json)
  file(SHA256 ${file} hash)
  string(APPEND made_of "${hash} ${file}\n")
endforeach()
if(EXISTS ${PAGE} AND EXISTS ${PAGE}.made-of)
  file(READ ${PAGE}.made-of known)
  if(known STREQUAL made_of)
    return()
  endif()
endif()

# Builds in several build folders share node_modules.
file(LOCK ${VIZ}/.lock GUARD PROCESS)
# npm writes this file last.
if(${VIZ}/package-lock.json IS_NEWER_THAN ${VIZ}/node_modules/.package-lock.json)
  # No install scripts: builds often run as root, and such a script can do anything. esbuild's binary comes in a
  # separate package; the install script of esbuild only checks it.
  set(npm_ci ${NPM} ci --ignore-scripts --prefer-offline)
  execute_process(COMMAND ${npm_ci} --fetch-retries=0 WORKING_DIRECTORY ${VIZ}
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    # Retries can help only with a network. Without one they would add minutes to every build.
    execute_process(COMMAND ${NPM} ping --fetch-retries=0 WORKING_DIRECTORY ${VIZ}
      RESULT_VARIABLE unreachable OUTPUT_QUIET ERROR_QUIET)
    if(NOT unreachable)
      execute_process(COMMAND ${npm_ci} WORKING_DIRECTORY ${VIZ}
        RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
    endif()
  endif()
  if(failed)
    without("npm could not fetch what it is made of\n${said}")
    return()
  endif()
endif()
get_filename_component(folder ${PAGE} DIRECTORY)
execute_process(COMMAND ${CMAKE_COMMAND} -E env RCUSCOPE_PAGE_DIR=${folder} ${NPM} run --silent build
  WORKING_DIRECTORY ${VIZ} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(failed)
  without("its build failed\n${said}")
  return()
endif()
file(WRITE ${PAGE}.made-of "${made_of}")
